#include <algorithm>
#include <bit>
#include <memory>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "patterns/message_workload.hpp"
#include "patterns/registry.hpp"
#include "patterns/sweep.hpp"

namespace weft::patterns::stream {

namespace {

constexpr int kMessages = 64;  ///< in a row, as many as osu_bw's window has
constexpr int kLanes = 2;      ///< one has receives posted while the other waits for its own

/// Of all receives that are posted at once, so that long messages, too, arrive in what the caches hold.
constexpr Bytes kPosted = 4 << 20;

/// Messages that a lane starts before it waits for them, a power of 2.
int started_at_once(Bytes bytes) {
  return static_cast<int>(std::bit_floor(std::clamp<Bytes>(kPosted / kLanes / bytes, 1, kMessages / kLanes)));
}

constexpr Region kAnswer = {Space::in, 0, 1};

/// All messages come from one place, as osu_bw's and iperf3's do.
Lane sending_lane(int number, int peer, Bytes bytes) {
  Lane lane("send " + std::to_string(number));
  const int group = started_at_once(bytes);
  for (int i = 0; i < kMessages / kLanes; ++i) {
    lane.send(peer, {Space::in, 0, bytes});
    if ((i + 1) % group == 0) lane.wait();
  }
  if (number > 0) return lane;
  lane.recv(peer, {Space::out, 0, kAnswer.bytes});
  lane.wait();
  return lane;
}

/// The first lane answers when the others, too, have all.
Lane receiving_lane(int number, int peer, Bytes bytes) {
  Lane lane("receive " + std::to_string(number));
  const int group = started_at_once(bytes);
  for (int i = 0; i < kMessages / kLanes; ++i) {
    const int place = number * group + i % group;
    lane.recv(peer, {Space::out, bytes * static_cast<Bytes>(place), bytes});
    if ((i + 1) % group == 0) lane.wait();
  }
  if (number > 0) {
    lane.signal(number - 1);
    return lane;
  }
  for (int other = 1; other < kLanes; ++other) lane.await(other - 1);
  lane.send(peer, kAnswer);
  lane.wait();
  return lane;
}

/// Ranks 2i and 2i + 1 are pairs, of which the first one sends; the last of an odd number is idle.
std::unique_ptr<Workload> build(Bytes bytes, int rank, int ranks) {
  Program program;
  program.rank = rank;
  program.ranks = ranks;
  program.dtype = Datatype::u8;
  const int peer = rank ^ 1;
  if (peer >= ranks) {
    program.lanes.emplace_back("idle");
    return std::make_unique<MessageWorkload>(std::move(program), rank, 0);
  }
  const bool sends = rank < peer;
  program.in_bytes = sends ? bytes : kAnswer.bytes;
  program.out_bytes = sends ? kAnswer.bytes : bytes * static_cast<Bytes>(kLanes * started_at_once(bytes));
  program.events = sends ? 0 : kLanes - 1;
  for (int number = 0; number < kLanes; ++number)
    program.lanes.push_back(sends ? sending_lane(number, peer, bytes) : receiving_lane(number, peer, bytes));
  return std::make_unique<MessageWorkload>(std::move(program), peer, sends ? kAnswer.bytes : bytes);
}

Point make_point(Bytes bytes, int ranks, const std::string& refusal) {
  Point point;
  point.pattern = "stream";
  point.operation = "stream";
  point.algorithm = "direct";
  point.bytes_per_rank = bytes;
  point.bytes_per_peer = bytes;
  point.messages = kMessages;
  point.refused = refusal;
  point.build = [bytes, ranks](int rank) { return build(bytes, rank, ranks); };
  return point;
}

std::vector<Point> plan(const Request& request, int ranks) {
  const std::string refusal = refuses_messages("stream", request, ranks);
  std::vector<Point> points;
  for (const Bytes bytes : sweep_sizes(request.min_bytes, request.max_bytes, request.factor))
    if (bytes > 0) points.push_back(make_point(bytes, ranks, refusal));
  if (points.empty()) throw UsageError("--max-bytes 0: stream needs messages of at least 1 byte");
  return points;
}

}  // namespace

/// What osu_bw and osu_mbw_mr measure: a window of messages one way and a short answer; the time told is a message's.
Pattern entry() {
  return {.name = "stream",
          .summary = "pairs of ranks: 64 messages in a row one way, and an answer (bandwidth and rate of messages)",
          .plan = plan};
}

}  // namespace weft::patterns::stream
