#include <cstring>
#include <random>
#include <tuple>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/kernels.hpp"
#include "core/kernels/table.hpp"
#include "tests/unit/core/formats.hpp"

namespace weft {
namespace {

using testing::Format;
using testing::kBf16;
using testing::kF16;

template <typename Value>
Value combine(ReduceOp op, Value a, Value b) {
  if (a != a) return a;
  if (b != b) return b;
  switch (op) {
    case ReduceOp::sum:
      return static_cast<Value>(a + b);
    case ReduceOp::prod:
      return static_cast<Value>(a * b);
    case ReduceOp::min:
      return a < b ? a : b;
    case ReduceOp::max:
      break;
  }
  return a > b ? a : b;
}

template <typename Value>
Value get(const std::uint8_t* at) {
  Value value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <typename Value>
void expect_plain(ReduceOp op, const std::uint8_t* result, const std::uint8_t* a, const std::uint8_t* b) {
  const auto right = combine(op, get<Value>(a), get<Value>(b));
  const auto got = get<Value>(result);
  if (right != right)
    EXPECT_NE(got, got);
  else
    // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): -0 is not +0 here
    EXPECT_EQ(std::memcmp(&right, &got, sizeof right), 0) << +got << " instead of " << +right;
}

void expect_half(const Format& format, ReduceOp op, const std::uint8_t* result, const std::uint8_t* a,
                 const std::uint8_t* b) {
  const auto value = [&](const std::uint8_t* at) { return format.decode(get<std::uint16_t>(at)); };
  const auto wide = combine(op, static_cast<float>(value(a)), static_cast<float>(value(b)));
  if (std::isnan(wide))
    EXPECT_TRUE(std::isnan(value(result)));
  else
    EXPECT_EQ(get<std::uint16_t>(result), format.encode(format.round(wide))) << value(a) << " with " << value(b);
}

void expect_element(Datatype type, ReduceOp op, const std::uint8_t* result, const std::uint8_t* a,
                    const std::uint8_t* b) {
  const bool wraps = op == ReduceOp::sum || op == ReduceOp::prod;
  switch (type) {
    case Datatype::f32:
      return expect_plain<float>(op, result, a, b);
    case Datatype::f64:
      return expect_plain<double>(op, result, a, b);
    case Datatype::f16:
      return expect_half(kF16, op, result, a, b);
    case Datatype::bf16:
      return expect_half(kBf16, op, result, a, b);
    case Datatype::i32:
      return wraps ? expect_plain<std::uint32_t>(op, result, a, b) : expect_plain<std::int32_t>(op, result, a, b);
    default:
      return expect_plain<std::uint8_t>(op, result, a, b);
  }
}

/// Random bit patterns (every value of 16-bit types, infinities and NaN among them), the upper half of the floating
/// ones pulled towards one so that sums do not only return the larger operand.
std::vector<std::uint8_t> random_elements(Datatype type, std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> near_one(-4, 4);
  std::vector<std::uint8_t> bytes(count * size_of(type));
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  for (std::size_t i = 0; i < count; i += 2) {
    std::uint8_t* at = bytes.data() + i * size_of(type);
    const double value = near_one(random);
    const auto narrow = static_cast<float>(value);
    const auto half = static_cast<std::uint16_t>(type == Datatype::f16 ? kF16.encode(kF16.round(value))
                                                                       : kBf16.encode(kBf16.round(value)));
    if (type == Datatype::f32) std::memcpy(at, &narrow, sizeof narrow);
    if (type == Datatype::f64) std::memcpy(at, &value, sizeof value);
    if (type == Datatype::f16 || type == Datatype::bf16) std::memcpy(at, &half, sizeof half);
  }
  return bytes;
}

enum class Alias { none, a, b };

struct Case {
  std::size_t count, offset;  ///< offset: bytes past a 64-byte boundary, different for each operand
  Alias alias;
};

class ReduceTest : public ::testing::TestWithParam<std::tuple<const kernels::Table*, Datatype, ReduceOp>> {
 protected:
  void check(Stores stores, const Case& test) const {
    const auto [table, type, op] = GetParam();
    const std::size_t bytes = test.count * size_of(type);
    const auto x = random_elements(type, test.count, 1), y = random_elements(type, test.count, 2);
    constexpr std::size_t kGuard = 64;
    std::vector<std::uint8_t> space(3 * (bytes + 4 * kGuard), 0xab);
    std::uint8_t* at = space.data() + (kGuard - reinterpret_cast<std::uintptr_t>(space.data()) % kGuard);
    const auto room = (bytes + 3 * kGuard) / kGuard * kGuard;
    std::uint8_t* a = at + kGuard + test.offset;
    std::uint8_t* b = at + room + kGuard + 3 * test.offset % kGuard;
    std::uint8_t* into = test.alias == Alias::a ? a : test.alias == Alias::b ? b : at + 2 * room + test.offset;
    if (bytes != 0) std::memcpy(a, x.data(), bytes);
    if (bytes != 0) std::memcpy(b, y.data(), bytes);
    auto expected = space;
    table->reduce[static_cast<std::size_t>(type)][static_cast<std::size_t>(op)][static_cast<std::size_t>(stores)](
        into, a, b, test.count);
    for (std::size_t i = 0; i < bytes; i += size_of(type))
      expect_element(type, op, into + i, x.data() + i, y.data() + i);
    if (bytes != 0) std::memcpy(expected.data() + (into - space.data()), into, bytes);
    EXPECT_EQ(space, expected) << "wrote outside the result";
  }
};

TEST_P(ReduceTest, EqualsTheScalarDefinition) {
  for (const Stores stores : {Stores::cached, Stores::streaming})
    for (const std::size_t count : {0U, 1U, 2U, 3U, 7U, 15U, 17U, 31U, 33U, 63U, 65U, 127U, 257U, 1001U})
      for (const std::size_t offset : {0U, 1U, 8U, 20U})
        for (const Alias alias : {Alias::none, Alias::a, Alias::b}) {
          SCOPED_TRACE(::testing::Message() << count << " elements, offset " << offset << ", alias "
                                            << static_cast<int>(alias) << ", stores " << static_cast<int>(stores));
          check(stores, {count, offset, alias});
          if (HasFailure()) return;
        }
}

INSTANTIATE_TEST_SUITE_P(Kernels, ReduceTest,
                         ::testing::Combine(::testing::ValuesIn(kernels::usable_tables().begin(),
                                                                kernels::usable_tables().end()),
                                            ::testing::Values(Datatype::f32, Datatype::f64, Datatype::f16,
                                                              Datatype::bf16, Datatype::i32, Datatype::u8),
                                            ::testing::ValuesIn(all_reduce_ops().begin(), all_reduce_ops().end())),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param)->instruction_set) + "_" +
                                  std::string(name_of(std::get<1>(test.param))) + "_" +
                                  std::string(name_of(std::get<2>(test.param)));
                         });

TEST(Kernels, ChoosesTheFastestTable) {
  const kernels::Table& first = *kernels::usable_tables().front();
  EXPECT_STREQ(kernel_instruction_set(), first.instruction_set);
  EXPECT_STREQ(kernels::usable_tables().back()->instruction_set, "portable");
  for (const Stores stores : {Stores::cached, Stores::streaming})
    EXPECT_EQ(reduce_kernel(Datatype::bf16, ReduceOp::max, stores),
              first.reduce[static_cast<std::size_t>(Datatype::bf16)][static_cast<std::size_t>(ReduceOp::max)]
                          [static_cast<std::size_t>(stores)]);
}

TEST(Kernels, RefusesToReduceFp8) {
  EXPECT_THROW(reduce_kernel(Datatype::fp8, ReduceOp::sum), UsageError);
  EXPECT_THROW(fold_kernel(Datatype::fp8, ReduceOp::sum), UsageError);
}

TEST(Kernels, IntegersWrap) {
  const std::int32_t big = INT32_MAX, one = 1;
  std::int32_t sum = 0;
  reduce_kernel(Datatype::i32, ReduceOp::sum)(&sum, &big, &one, 1);
  EXPECT_EQ(sum, INT32_MIN);
  const std::uint8_t twenty = 20;
  std::uint8_t product = 0;
  reduce_kernel(Datatype::u8, ReduceOp::prod)(&product, &twenty, &twenty, 1);
  EXPECT_EQ(product, 400 % 256);
}

}  // namespace
}  // namespace weft
