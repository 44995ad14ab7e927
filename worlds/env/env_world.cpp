#include "worlds/env/env_world.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/system.hpp"
#include "worlds/env/hub.hpp"
#include "worlds/env/socket.hpp"

namespace weft {
namespace {

constexpr Nanoseconds kLookEvery = 1'000'000;
constexpr int kWaitMilliseconds = 20;
constexpr Nanoseconds kLastWords = 1'000'000'000;  // to hand over what is said at the end

void wait_for(int fd, short events) {
  pollfd entry{fd, events, 0};
  poll(&entry, 1, kWaitMilliseconds);
}

}  // namespace

EnvWorld::EnvWorld(Board& board, Descriptor line, const env::Rendezvous& rendezvous)
    : board_(board),
      line_(std::move(line)),
      rendezvous_(rendezvous),
      reader_(std::numeric_limits<std::uint64_t>::max()) {}

std::vector<std::string> EnvWorld::allgather(std::string_view mine) { return exchange(mine, true); }

std::vector<std::string> EnvWorld::gather(std::string_view mine) { return exchange(mine, rank() == 0); }

void EnvWorld::barrier() { exchange({}, false); }

std::vector<std::string> EnvWorld::exchange(std::string_view mine, bool wants_all) {
  if (mine.size() > env::kMostOfOne)
    throw TransportError(fmt::format("cannot exchange {} bytes between the ranks", mine.size()));
  check();
  result_.reset();
  left_ = -1;
  say(env::make_frame(env::FrameKind::blob, wants_all ? 1 : 0, mine));
  while (!result_) {
    wait_for(line_.get(), POLLIN);
    listen();
    if (result_) break;
    check();
    if (left_ >= 0) throw RankLost(left_, fmt::format("rank {} ended while rank {} was waiting for it", left_, rank()));
  }
  return wants_all ? env::unpack_blobs(*result_) : std::vector<std::string>();
}

void EnvWorld::say(const std::string& frame) {
  for (std::size_t at = 0; at < frame.size();) {
    const ssize_t sent = send(line_.get(), frame.data() + at, frame.size() - at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      at += static_cast<std::size_t>(sent);
      continue;
    }
    if (const int error = errno; error != EAGAIN && error != EWOULDBLOCK && error != EINTR) {
      listen();  // what the hub said before
      lose_hub(std::strerror(error));
    }
    check();
    wait_for(line_.get(), POLLOUT);
  }
}

void EnvWorld::listen() {
  if (!hub_lost_.empty()) return;
  const env::FrameReader::State state = reader_.read(line_.get());
  const int error = errno;
  while (std::optional<env::Frame> frame = reader_.next()) hear(std::move(*frame));
  if (state == env::FrameReader::State::open) return;
  lose_hub(state == env::FrameReader::State::closed ? "its connection was closed" : std::strerror(error));
}

void EnvWorld::lose_hub(const char* why) {
  if (hub_lost_.empty()) hub_lost_ = why;
  if (!notice_)
    notice_ = env::EarlyNotice{-1, static_cast<int>(ExitCode::failed), false,
                               fmt::format("rank {} on {} cannot go on", rank(), host_name())};
}

void EnvWorld::hear(env::Frame frame) {
  switch (frame.kind) {
    case env::FrameKind::result:
      result_ = std::move(frame.payload);
      return;
    case env::FrameKind::left:
      left_ = frame.about;
      return;
    case env::FrameKind::notice:
    case env::FrameKind::verdict:
      if (verdict_) return;
      verdict_ = frame.kind == env::FrameKind::verdict;
      notice_ = env::unpack_notice(frame.payload);
      return;
    default:
      return;
  }
}

void EnvWorld::abort(std::string_view reason) noexcept {
  give_up({fmt::format("rank {} gave up: {}", rank(), reason), ExitCode::failed, false});
}

void EnvWorld::give_up(const Failure& failure) noexcept {
  if (notice_ || gave_up_) return;
  gave_up_ = true;
  notice_ = env::EarlyNotice{rank(), static_cast<int>(failure.code), failure.timed_out, failure.reason};
  const std::string frame = env::make_frame(env::FrameKind::gave_up, 0, env::pack(*notice_));
  env::send_all(line_.get(), frame.data(), frame.size(), monotonic_now() + kLastWords);
}

void EnvWorld::check() {
  const Nanoseconds now = monotonic_now();
  if (now >= next_look_) {
    next_look_ = now + kLookEvery;
    listen();
  }
  if (notice_) throw RankLost(notice_->rank, notice_->text);
  const RankState& state = board_.state(0);
  const Nanoseconds deadline = state.deadline.load(std::memory_order_relaxed);
  if (deadline != 0 && now > deadline) throw TimedOut(fmt::format("rank {} timed out: {}", rank(), state.doing.load()));
}

void EnvWorld::set_deadline(Nanoseconds from_now, const char* doing) {
  RankState& state = board_.state(0);
  state.doing.store(doing, std::memory_order_relaxed);
  state.deadline.store(from_now == 0 ? 0 : monotonic_now() + from_now, std::memory_order_release);
}

int EnvWorld::run(const RankMain& main) {
  const int code = run_rank(*this, main, [this](const Failure& failure) {
    give_up(failure);
    return 0;
  });
  const std::string done = env::make_frame(env::FrameKind::done, 0, {});
  if (hub_lost_.empty()) env::send_all(line_.get(), done.data(), done.size(), monotonic_now() + kLastWords);
  if (!notice_) return code;
  await_verdict();
  if (!verdict_)
    fmt::print(stderr, "weft: {}; rank 0 at {} was lost: {}\n", notice_->text, rendezvous_.place(), hub_lost_);
  else if (notice_->rank == rank())
    fmt::print(stderr, "weft: {}\n", notice_->text);
  return std::max(code, notice_->code);
}

/// The supervisor is told to be patient meanwhile.
void EnvWorld::await_verdict() {
  const Nanoseconds end = monotonic_now() + env::Hub::kGrace + env::Hub::kHearing;
  set_deadline(end - monotonic_now(), "ending");
  while (!verdict_ && hub_lost_.empty() && monotonic_now() < end) {
    wait_for(line_.get(), POLLIN);
    listen();
  }
  if (!verdict_ && hub_lost_.empty()) hub_lost_ = "it does not answer";
}

}  // namespace weft
