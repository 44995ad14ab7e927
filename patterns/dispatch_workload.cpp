#include "patterns/dispatch_workload.hpp"

#include <cstring>

#include "collectives/payload_stream.hpp"
#include "collectives/summands.hpp"

namespace weft {

namespace {

constexpr int kNoWholeNumber = 0xA5;  // no whole number in bf16
constexpr std::uint64_t kMostWeight = 2;
constexpr std::uint64_t kMostSum = 256;  // beyond, bf16 does not hold every whole number

/// Names a token among all ranks' tokens.
std::uint64_t key_of(std::uint64_t salt, const TokenRouting& routing, int source, std::uint64_t token) {
  return mix(salt + mix(static_cast<std::uint64_t>(source) * routing.tokens() + token));
}

std::uint64_t weight(int source, std::uint64_t token, int expert) {
  const auto pair = (static_cast<std::uint64_t>(source) << 32) + static_cast<std::uint64_t>(expert);
  return 1 + mix(pair + mix(token)) % kMostWeight;
}

std::uint16_t bf16_of(std::uint64_t small) {
  const auto value = static_cast<float>(small);
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<std::uint16_t>(bits >> 16);
}

/// What the elements of a token are: whole numbers, which times all its weights stay exact.
class Values {
 public:
  Values(std::uint64_t key, int top_k)
      : key_(key), most_(kMostSum / (kMostWeight * static_cast<std::uint64_t>(top_k))) {}

  /// Calls use(offset, bits of the element times `factor`).
  template <typename Use>
  void for_each(Bytes bytes, std::uint64_t factor, Use use) const {
    std::uint16_t times[kMostSum + 1];
    for (std::uint64_t value = 0; value <= most_; ++value) times[value] = bf16_of(value * factor);
    for (Bytes at = 0; at < bytes; at += sizeof(std::uint64_t)) {
      const std::uint64_t word = mix(key_ + at);
      for (Bytes part = 0; part < sizeof word && at + part < bytes; part += kSummedBytes)
        use(at + part, times[((word >> (8 * part)) & 0xffff) % (most_ + 1)]);
    }
  }

 private:
  std::uint64_t key_;
  std::uint64_t most_;
};

/// The counts that a program sends are no more than bytes of the right number: each the salt's.
int count_byte(std::uint64_t salt) { return static_cast<int>(mix(salt) & 0xff); }

}  // namespace

DispatchWorkload::DispatchWorkload(const TokenDispatcher& dispatcher, std::vector<Exchange> exchanges,
                                   DispatchDirection direction, int rank)
    : dispatcher_(dispatcher), exchanges_(std::move(exchanges)), direction_(direction), rank_(rank) {
  for (const Exchange& exchange : exchanges_)
    programs_.push_back(
        (direction == DispatchDirection::dispatch ? dispatcher.dispatch : dispatcher.combine)(exchange, rank));
}

void DispatchWorkload::fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  const Exchange& exchange = exchanges_[program];
  const TokenRouting& routing = *exchange.routing;
  const Program& mine = programs_[program];
  if (mine.out_bytes > 0) std::memset(buffers.out, kNoWholeNumber, mine.out_bytes);
  if (direction_ == DispatchDirection::dispatch) {
    const Bytes tokens = routing.tokens() * exchange.token_bytes;
    for (std::uint64_t token = 0; token < routing.tokens(); ++token)
      PayloadStream(key_of(salt, routing, rank_, token))
          .fill(buffers.in + token * exchange.token_bytes, exchange.token_bytes);
    if (mine.in_bytes > tokens) std::memset(buffers.in + tokens, count_byte(salt), mine.in_bytes - tokens);
    return;
  }
  for (const ArrivingCopy& arrival : dispatcher_.arrivals(exchange, rank_))
    Values(key_of(salt, routing, arrival.source, arrival.token), routing.top_k())
        .for_each(exchange.token_bytes, weight_of(routing, arrival), [&](Bytes at, std::uint16_t bits) {
          std::memcpy(buffers.in + arrival.offset + at, &bits, sizeof bits);
        });
}

std::uint64_t DispatchWorkload::count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  return direction_ == DispatchDirection::dispatch ? count_wrong_copies(program, buffers, salt)
                                                   : count_wrong_sums(program, buffers, salt);
}

std::uint64_t DispatchWorkload::count_wrong_copies(std::size_t program, const Buffers& buffers,
                                                   std::uint64_t salt) const {
  const Exchange& exchange = exchanges_[program];
  std::uint64_t wrong = 0;
  for (const ArrivingCopy& arrival : dispatcher_.arrivals(exchange, rank_))
    wrong += PayloadStream(key_of(salt, *exchange.routing, arrival.source, arrival.token))
                 .count_wrong(buffers.out + arrival.offset, exchange.token_bytes, 1);
  const Bytes counts = exchange.notify ? dispatcher_.counts(exchange, rank_) : 0;
  const std::byte* const end = buffers.out + programs_[program].out_bytes;
  for (const std::byte* at = end - counts; at != end; ++at)
    wrong += std::to_integer<int>(*at) == count_byte(salt) ? 0 : 1;
  return wrong;
}

std::uint64_t DispatchWorkload::count_wrong_sums(std::size_t program, const Buffers& buffers,
                                                 std::uint64_t salt) const {
  const Exchange& exchange = exchanges_[program];
  const TokenRouting& routing = *exchange.routing;
  std::uint64_t wrong = 0;
  for (std::uint64_t token = 0; token < routing.tokens(); ++token) {
    std::uint64_t weights = 0;
    for (const TokenRouting::Copy& copy : routing.copies(rank_, token)) weights += weight(rank_, token, copy.expert);
    const std::byte* const sum = buffers.out + token * exchange.token_bytes;
    Values(key_of(salt, routing, rank_, token), routing.top_k())
        .for_each(exchange.token_bytes, weights, [&](Bytes at, std::uint16_t bits) {
          wrong += std::memcmp(sum + at, &bits, sizeof bits) != 0 ? 1 : 0;
        });
  }
  return wrong;
}

std::uint64_t DispatchWorkload::weight_of(const TokenRouting& routing, const ArrivingCopy& arrival) const {
  std::uint64_t sum = 0;
  for (const TokenRouting::Copy& copy : routing.copies(arrival.source, arrival.token))
    if (copy.rank == rank_ && (arrival.expert < 0 || arrival.expert == copy.expert))
      sum += weight(arrival.source, arrival.token, copy.expert);
  return sum;
}

Bytes DispatchWorkload::wire_bytes(std::size_t program) const {
  return (direction_ == DispatchDirection::dispatch ? dispatcher_.dispatch_bytes : dispatcher_.combine_bytes)(
      exchanges_[program], rank_);
}

}  // namespace weft
