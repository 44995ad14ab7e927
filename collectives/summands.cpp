#include "collectives/summands.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace weft {

namespace {

constexpr std::uint64_t kSegment = 4096;  // elements
constexpr int kContributors = 7;          // 7 x 16 < 128 and 2^7 = 128: exact in 8 bits of significand
constexpr unsigned kFieldBits = 4;

std::uint64_t f16_bits(unsigned value) {
  if (value == 0) return 0;
  const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1;
  return ((exponent + 15U) << 10) | ((value << (10 - exponent)) & 0x3ffU);
}

/// The bits of a whole number of at most 8 bits in the type; the low bytes are what is stored.
std::uint64_t bits_of(Datatype type, unsigned value) {
  switch (type) {
    case Datatype::f32:
      return std::bit_cast<std::uint32_t>(static_cast<float>(value));
    case Datatype::f64:
      return std::bit_cast<std::uint64_t>(static_cast<double>(value));
    case Datatype::f16:
      return f16_bits(value);
    case Datatype::bf16:
      return std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16;
    default:
      return value;
  }
}

unsigned neutral(ReduceOp op) {
  switch (op) {
    case ReduceOp::prod:
      return 1;
    case ReduceOp::min:
      return 127;
    default:
      return 0;
  }
}

/// What contributor k gives, from the element's random bits.
unsigned share(ReduceOp op, std::uint64_t bits, int k) {
  const auto field = static_cast<unsigned>(bits >> (kFieldBits * static_cast<unsigned>(k))) & 15U;
  return 1 + (op == ReduceOp::prod ? field & 1U : field);
}

unsigned combine(ReduceOp op, unsigned a, unsigned b) {
  switch (op) {
    case ReduceOp::sum:
      return a + b;
    case ReduceOp::prod:
      return a * b;
    case ReduceOp::min:
      return std::min(a, b);
    case ReduceOp::max:
      return std::max(a, b);
  }
  return 0;
}

}  // namespace

std::uint64_t differing_elements(const void* a, const void* b, Bytes bytes, Bytes element) {
  const auto* x = static_cast<const std::byte*>(a);
  const auto* y = static_cast<const std::byte*>(b);
  std::uint64_t differing = 0;
  for (Bytes at = 0; at < bytes; at += element) differing += std::memcmp(x + at, y + at, element) != 0 ? 1 : 0;
  return differing;
}

Summands::Summands(const Call& call, std::uint64_t salt)
    : call_(call),
      salt_(salt),
      elements_(call.count *
                (call.collective == Collective::reduce_scatter ? static_cast<std::uint64_t>(call.ranks) : 1)),
      table_size_(std::min(elements_, 2 * kSegment)) {}

std::uint64_t Summands::contribution(std::uint64_t index) const {
  const std::uint64_t bits = mix(salt_ ^ mix(index));
  const auto ranks = static_cast<std::uint64_t>(call_.ranks);
  const auto first = static_cast<int>(((bits >> 32) * ranks) >> 32);
  const int k = (call_.rank - first + call_.ranks) % call_.ranks;
  return bits_of(call_.dtype, k < kContributors ? share(call_.op, bits, k) : neutral(call_.op));
}

std::uint64_t Summands::result(std::uint64_t index) const {
  const std::uint64_t bits = mix(salt_ ^ mix(index));
  unsigned value = call_.ranks > kContributors ? neutral(call_.op) : share(call_.op, bits, 0);
  for (int k = call_.ranks > kContributors ? 0 : 1; k < std::min(call_.ranks, kContributors); ++k)
    value = combine(call_.op, value, share(call_.op, bits, k));
  return bits_of(call_.dtype, value);
}

std::vector<std::byte> Summands::table(std::uint64_t (Summands::*value)(std::uint64_t) const) const {
  const Bytes element = call_.element();
  std::vector<std::byte> bytes(table_size_ * element);
  for (std::uint64_t i = 0; i < table_size_; ++i) {
    const std::uint64_t bits = (this->*value)(i);
    std::memcpy(bytes.data() + i * element, &bits, element);
  }
  return bytes;
}

std::uint64_t Summands::place(std::uint64_t segment) const {
  if (segment == 0) return 0;
  return mix(salt_ + segment) % (table_size_ - std::min(table_size_, kSegment) + 1);
}

void Summands::fill(std::byte* input) const {
  const std::vector<std::byte> values = table(&Summands::contribution);
  const Bytes element = call_.element();
  for (std::uint64_t at = 0; at < elements_; at += kSegment)
    std::memcpy(input + at * element, values.data() + place(at / kSegment) * element,
                std::min(kSegment, elements_ - at) * element);
}

std::uint64_t Summands::count_wrong(const std::byte* result_bytes) const {
  const std::vector<std::byte> values = table(&Summands::result);
  const Bytes element = call_.element();
  const std::uint64_t first =
      call_.collective == Collective::reduce_scatter ? call_.count * static_cast<std::uint64_t>(call_.rank) : 0;
  std::uint64_t wrong = 0;
  for (std::uint64_t at = first; at < first + call_.count;) {
    const std::uint64_t within = at % kSegment;
    const std::uint64_t length = std::min(kSegment - within, first + call_.count - at);
    const std::byte* expected = values.data() + (place(at / kSegment) + within) * element;
    const std::byte* found = result_bytes + (at - first) * element;
    if (std::memcmp(found, expected, length * element) != 0)
      wrong += differing_elements(found, expected, length * element, element);
    at += length;
  }
  return wrong;
}

}  // namespace weft
