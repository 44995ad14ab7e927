#include "patterns/message_workload.hpp"

#include <utility>

#include <fmt/format.h>

namespace weft {

namespace {

PayloadStream stream(std::uint64_t salt, int from, int to) {
  return {salt, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to)};
}

}  // namespace

MessageWorkload::MessageWorkload(Program program, int peer, Bytes arriving) : peer_(peer), arriving_(arriving) {
  programs_.push_back(std::move(program));
}

void MessageWorkload::fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  const Program& mine = programs_[program];
  stream(salt, mine.rank, peer_).fill(buffers.in, mine.in_bytes);
  stream(~salt, mine.rank, peer_).fill(buffers.out, mine.out_bytes);
}

std::uint64_t MessageWorkload::count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  const Program& mine = programs_[program];
  std::uint64_t wrong = 0;
  for (Bytes at = 0; at < mine.out_bytes; at += arriving_)
    wrong += stream(salt, peer_, mine.rank).count_wrong(buffers.out + at, arriving_, 1);
  return wrong;
}

std::string refuses_messages(const std::string& pattern, const Request& request, int ranks) {
  if (ranks < 2) return fmt::format("{} needs at least 2 ranks", pattern);
  if (request.in_place) return fmt::format("{} has no in-place form: leave out --in-place", pattern);
  if (!request.algorithms.empty() && request.algorithms != std::vector<std::string>{"all"})
    return fmt::format("{} has no algorithms to choose from: leave out --algorithm", pattern);
  return {};
}

}  // namespace weft
