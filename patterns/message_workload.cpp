#include "patterns/message_workload.hpp"

#include <utility>

#include <fmt/format.h>

namespace weft {

namespace {

PayloadStream stream(std::uint64_t salt, int from, int to) {
  return {salt, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to)};
}

}  // namespace

MessageWorkload::MessageWorkload(Program program, int peer, std::vector<Delivery> deliveries)
    : peer_(peer), deliveries_(std::move(deliveries)) {
  programs_.push_back(std::move(program));
}

void MessageWorkload::fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  const Program& mine = programs_[program];
  stream(salt, mine.rank, peer_).fill(buffers.in, mine.in_bytes);
  stream(~salt, mine.rank, peer_).fill(buffers.out, mine.out_bytes);
}

std::uint64_t MessageWorkload::count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  const PayloadStream sent = stream(salt, peer_, programs_[program].rank);
  std::uint64_t wrong = 0;
  for (const Delivery& delivery : deliveries_)
    wrong += sent.from(delivery.from).count_wrong(buffers.out + delivery.at, delivery.bytes, 1);
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
