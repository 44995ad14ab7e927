#include "transports/model/fabric.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>

#include <boost/random/lognormal_distribution.hpp>
#include <boost/random/seed_seq.hpp>
#include <boost/random/uniform_01.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

/// A message, from the post of its first side to the completion of its second.
struct Fabric::Transfer {
  Transfer* next = nullptr;
  Bytes bytes = 0;
  int sender = 0;
  int receiver = 0;
  std::size_t level = 0;
  bool climbs = false;  ///< is to pass its node's uplink yet
  bool carries = true;  ///< its bytes
  bool has_send = false;
  bool has_receive = false;
  bool delivered = false;
  bool send_done = false;
  bool receive_done = false;
  const std::byte* data = nullptr;
  std::byte* stash = nullptr;  ///< the bytes, where the send is complete and the receive not posted
  Pending* send_pending = nullptr;
  Pending* receive_pending = nullptr;
  Picoseconds arrives = kNever;  ///< last byte, known when the first is here
  Picoseconds posted = 0;        ///< the receive
  Landing landing;
};

namespace {

constexpr double kLongestLatency =
    1e14;  ///< ps: keeps absurd draws of jitter and stalls, message after message, within the clock

/// Of the fabric's clock, 53 days: whose message is complete then is told so.
constexpr Picoseconds kEnd = kNever / 2;

Picoseconds later(Picoseconds start, Picoseconds takes) {
  return start >= kEnd - std::min(takes, kEnd) ? kEnd : start + takes;
}

double draw_launch_factor(const TransportOptions& options) {
  const double cv = options.model.launch_cv;
  if (cv == 0) return 1;
  boost::random::seed_seq seeds{static_cast<std::uint32_t>(options.seed),
                                static_cast<std::uint32_t>(options.seed >> 32), std::uint32_t{0},
                                static_cast<std::uint32_t>(options.launch)};  // one more than a rank's
  boost::random::mt19937_64 engine(seeds);
  return boost::random::lognormal_distribution<double>(0.0, std::sqrt(std::log1p(cv * cv)))(engine);
}

}  // namespace

std::byte* StashPool::take(Bytes bytes) {
  auto& free = free_[static_cast<std::size_t>(std::bit_width(bytes))];
  if (free.empty()) {
    blocks_.push_back(std::make_unique<std::byte[]>(std::size_t{1} << std::bit_width(bytes)));
    return blocks_.back().get();
  }
  std::byte* const block = free.back();
  free.pop_back();
  return block;
}

void StashPool::give_back(std::byte* block, Bytes bytes) {
  free_[static_cast<std::size_t>(std::bit_width(bytes))].push_back(block);
}

Fabric::Fabric(Scheduler& scheduler, const TransportOptions& options)
    : scheduler_(scheduler),
      options_(options),
      links_{Link{to_picoseconds(options.model.latency), options.model.bandwidth},
             Link{to_picoseconds(options.model.node_latency), options.model.node_bandwidth}},
      cable_{0, options.model.node_uplink},
      overhead_(to_picoseconds(options.model.overhead)),
      launch_factor_(draw_launch_factor(options)),
      ports_(static_cast<std::size_t>(scheduler.ranks())),
      transfers_(sizeof(Transfer)) {
  if (const int size = options.model.ranks_per_node; size > 0 && options.model.node_uplink > 0)
    uplinks_.resize((ports_.size() + static_cast<std::size_t>(size) - 1) / static_cast<std::size_t>(size));
  const auto low = static_cast<std::uint32_t>(options.seed);
  const auto high = static_cast<std::uint32_t>(options.seed >> 32);
  for (std::uint32_t rank = 0; rank < ports_.size(); ++rank) {
    Port& port = ports_[rank];
    std::vector<std::uint32_t> seeds{low, high, rank};
    if (options.launch != 0) seeds.insert(seeds.end(), {static_cast<std::uint32_t>(options.launch), 1});
    boost::random::seed_seq sequence(seeds.begin(), seeds.end());
    port.engine.seed(sequence);
    port.carries = options.carry_data;
    if (options.model.skew > 0)
      port.skew = boost::random::uniform_int_distribution<Nanoseconds>(0, options.model.skew - 1)(port.engine);
    port.clock = ModelClock(options.model, rank == 0 ? nullptr : &port.engine);
  }
}

Fabric::~Fabric() { scheduler_.cancel(*this); }

std::size_t Fabric::level_of(int sender, int receiver) const {
  const int size = options_.model.ranks_per_node;
  return size > 0 && sender / size == receiver / size ? 1 : 0;
}

Picoseconds Fabric::wire_time(const Link& link, Bytes bytes) const {
  const FabricModel& model = options_.model;
  const double factor = launch_factor_ * (bytes == model.slow_bytes ? model.slow_factor : 1);
  const double takes =
      static_cast<double>(bytes) * static_cast<double>(kPicosecondsPerNanosecond) * factor / link.bandwidth;
  return std::llround(std::min(takes, static_cast<double>(kEnd)));
}

Picoseconds Fabric::latency(const Link& link, Port& sender, Bytes bytes) const {
  const FabricModel& model = options_.model;
  double factor = launch_factor_ * (bytes == model.slow_bytes ? model.slow_factor : 1);
  if (model.jitter > 0) factor *= boost::random::lognormal_distribution<double>(0.0, model.jitter)(sender.engine);
  if (model.stall_share > 0 && boost::random::uniform_01<double>()(sender.engine) < model.stall_share)
    factor *= model.stall_factor;
  return std::llround(std::min(static_cast<double>(link.latency) * factor, kLongestLatency));
}

Picoseconds Fabric::noticed(const Transfer& transfer) {
  const FabricModel& model = options_.model;
  const Picoseconds complete = std::max(transfer.arrives, transfer.posted);
  if (model.late_by == 0 || transfer.receiver != model.late_rank || transfer.bytes > kLongestSignal) return complete;
  boost::random::uniform_int_distribution<Picoseconds> late(0, to_picoseconds(model.late_by) - 1);
  return complete + late(port(transfer.receiver).engine);
}

Fabric::Transfer*& Fabric::queue(int receiver, int sender, int channel) {
  auto& channels = port(receiver).unmatched;
  const auto index = static_cast<std::size_t>(channel);
  if (index >= channels.size()) channels.resize(index + 1);
  if (channels[index].empty()) channels[index].resize(ports_.size());
  return channels[index][static_cast<std::size_t>(sender)];
}

/// The transfer that the post belongs to: the oldest that waits for this side, else a new one at the end of the queue.
Fabric::Transfer& Fabric::meet(Transfer*& tail, bool sending, Bytes bytes, int sender, int receiver) {
  if (tail != nullptr && (sending ? !tail->has_send : !tail->has_receive)) {
    Transfer* const head = tail->next;
    if (head->bytes != bytes)
      throw TransportError(fmt::format("rank {} sends {} bytes to rank {}, which receives {}", sender,
                                       sending ? bytes : head->bytes, receiver, sending ? head->bytes : bytes));
    if (head == tail)
      tail = nullptr;
    else
      tail->next = head->next;
    return *head;
  }
  void* const place = transfers_.malloc();
  if (place == nullptr) throw std::bad_alloc();
  auto* const transfer = new (place) Transfer;
  transfer->bytes = bytes;
  transfer->sender = sender;
  transfer->receiver = receiver;
  transfer->level = level_of(sender, receiver);
  transfer->next = tail == nullptr ? transfer : tail->next;
  if (tail != nullptr) tail->next = transfer;
  tail = transfer;
  return *transfer;
}

void Fabric::send(int rank, int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) {
  Transfer& transfer = meet(queue(peer, rank, channel), true, bytes, rank, peer);
  Port& sender = port(rank);
  scheduler_.advance(rank, overhead_);
  const Link& link = links_[transfer.level];
  Picoseconds& out_free = sender.levels[transfer.level].out_free;
  const Picoseconds start = std::max(scheduler_.now(rank), out_free);
  out_free = later(start, wire_time(link, bytes));
  transfer.has_send = true;
  transfer.carries = sender.carries;
  transfer.data = data;
  transfer.send_pending = &pending;
  ++pending.count;
  add(rank, {out_free, &transfer, true});
  transfer.climbs = transfer.level == 0 && !uplinks_.empty();
  scheduler_.schedule(transfer.climbs ? start : start + latency(link, sender, bytes), *this, &transfer);
}

/// An event of its own, since ranks of a node post in another order than that of their clocks.
void Fabric::climb(Transfer& transfer) {
  transfer.climbs = false;
  Picoseconds& out_free = uplink(transfer.sender).out_free;
  const Picoseconds start = std::max(scheduler_.now(), out_free);
  out_free = later(start, wire_time(cable_, transfer.bytes));
  scheduler_.schedule(start + latency(links_[transfer.level], port(transfer.sender), transfer.bytes), *this, &transfer);
}

void Fabric::receive(int rank, int peer, int channel, const Landing& landing, Bytes bytes, Pending& pending) {
  Transfer& transfer = meet(queue(rank, peer, channel), false, bytes, peer, rank);
  scheduler_.advance(rank, overhead_);
  transfer.has_receive = true;
  transfer.landing = landing;
  transfer.posted = scheduler_.now(rank);
  transfer.receive_pending = &pending;
  ++pending.count;
  if (transfer.arrives != kNever) add(rank, {noticed(transfer), &transfer, false});
}

void Fabric::happen(void* event) {
  Transfer& transfer = *static_cast<Transfer*>(event);
  if (transfer.climbs) return climb(transfer);
  Port& receiver = port(transfer.receiver);
  // A rank's clock may run ahead of the scheduler's, so the time of this event is not taken from a clock.
  Picoseconds first = scheduler_.now();
  Picoseconds last = first;
  if (transfer.level == 0 && !uplinks_.empty()) {
    Picoseconds& descended = uplink(transfer.receiver).in_free;
    first = std::max(first, descended);
    last = descended = later(first, wire_time(cable_, transfer.bytes));
  }
  // Whatever comes after it between nodes has come down the same uplink, and so after its last byte.
  Picoseconds& in_free = receiver.levels[transfer.level].in_free;
  in_free = later(std::max(first, in_free), wire_time(links_[transfer.level], transfer.bytes));
  transfer.arrives = std::max(in_free, last);
  if (!transfer.has_receive) return;
  const Picoseconds time = noticed(transfer);
  add(transfer.receiver, {time, &transfer, false});
  if (receiver.waiter != nullptr) scheduler_.wake(transfer.receiver, *receiver.waiter, time);
}

void Fabric::add(int rank, const Completion& completion) {
  auto& heap = port(rank).completions;
  heap.push_back(completion);
  std::push_heap(heap.begin(), heap.end(), std::greater<>());
}

Picoseconds Fabric::next_completion(int rank) const {
  const auto& heap = ports_[static_cast<std::size_t>(rank)].completions;
  return heap.empty() ? kNever : heap.front().time;
}

void Fabric::complete(int rank) {
  auto& heap = port(rank).completions;
  while (!heap.empty() && heap.front().time <= scheduler_.now(rank)) {
    if (heap.front().time >= kEnd)
      throw TransportError("model: virtual time ends after 53 days: give fewer bytes, or links of more bandwidth");
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const Completion done = heap.back();
    heap.pop_back();
    Transfer& transfer = *done.transfer;
    if (done.of_send)
      finish_send(transfer);
    else
      finish_receive(transfer);
    if (transfer.send_done && transfer.receive_done) transfers_.free(&transfer);
  }
}

/// The sender may write its buffer again from now on, so the bytes must leave it: into the receiver's buffer, which is
/// ours since its post, or where there is none yet into a stash.
void Fabric::finish_send(Transfer& transfer) {
  if (carries(transfer) && !transfer.delivered) {
    if (transfer.has_receive) {
      deliver(transfer);
    } else if (transfer.bytes > 0) {
      transfer.stash = stashes_.take(transfer.bytes);
      std::memcpy(transfer.stash, transfer.data, transfer.bytes);
      transfer.data = transfer.stash;
    }
  }
  --transfer.send_pending->count;
  transfer.send_done = true;
}

void Fabric::finish_receive(Transfer& transfer) {
  if (carries(transfer) && !transfer.delivered) deliver(transfer);
  --transfer.receive_pending->count;
  transfer.receive_done = true;
}

bool Fabric::carries(const Transfer& transfer) {
  return transfer.carries || (transfer.bytes <= kLongestSignal && transfer.data != nullptr);
}

void Fabric::deliver(Transfer& transfer) {
  const Landing& landing = transfer.landing;
  if (landing.reduction.kernel != nullptr && transfer.carries)
    landing.reduction.kernel(landing.into, landing.with, transfer.data, transfer.bytes / landing.reduction.element);
  else if (landing.reduction.kernel == nullptr && transfer.bytes > 0 && landing.into != nullptr)
    std::memcpy(landing.into, transfer.data, transfer.bytes);
  transfer.delivered = true;
  if (transfer.stash != nullptr) stashes_.give_back(transfer.stash, transfer.bytes);
  transfer.stash = nullptr;
}

std::string Fabric::unmatched(int rank) const {
  const auto& channels = ports_[static_cast<std::size_t>(rank)].unmatched;
  for (std::size_t channel = 0; channel < channels.size(); ++channel)
    for (const Transfer* tail : channels[channel])
      if (tail != nullptr && tail->has_receive)
        return fmt::format("{} bytes from rank {} on channel {}", tail->next->bytes, tail->sender, channel);
  return "nothing that is under way";
}

}  // namespace weft
