#include <algorithm>
#include <cstring>
#include <random>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/kernels.hpp"
#include "core/kernels/table.hpp"
#include "tests/unit/core/formats.hpp"

namespace weft {
namespace {

using testing::Format;
using testing::kBf16;
using testing::kF16;

using Halves = std::vector<std::uint16_t>;

template <typename Value>
Value combine_values(ReduceOp op, Value a, Value b) {
  switch (op) {
    case ReduceOp::sum:
      return static_cast<Value>(a + b);
    case ReduceOp::prod:
      return static_cast<Value>(a * b);
    case ReduceOp::min:
      return std::min(a, b);
    case ReduceOp::max:
      break;
  }
  return std::max(a, b);
}

class FoldTest : public ::testing::TestWithParam<std::tuple<const kernels::Table*, ReduceOp>> {
 protected:
  static const kernels::Table& table() { return *std::get<0>(GetParam()); }
  static ReduceOp op() { return std::get<1>(GetParam()); }
  static FoldKernel kernel(Datatype type) {
    return table().fold[static_cast<std::size_t>(type)][static_cast<std::size_t>(op())];
  }

  /// Block after block in f32, rounded at the end: the definition.
  static void check_halves(Datatype type, const Format& format, std::size_t count, std::size_t blocks) {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> near_one(-4, 4);
    Halves from(blocks * count), into(count + 1, 0xabcd);
    for (std::uint16_t& value : from) value = static_cast<std::uint16_t>(format.encode(format.round(near_one(random))));
    for (std::size_t i = 0; i < count; ++i)
      into[i] = static_cast<std::uint16_t>(format.encode(format.round(near_one(random))));
    Halves expected = into;
    for (std::size_t i = 0; i < count; ++i) {
      auto sum = static_cast<float>(format.decode(into[i]));
      for (std::size_t block = 0; block < blocks; ++block)
        sum = combine_values(op(), sum, static_cast<float>(format.decode(from[block * count + i])));
      expected[i] = static_cast<std::uint16_t>(format.encode(format.round(sum)));
    }
    kernel(type)(into.data(), from.data(), count, blocks);
    EXPECT_EQ(into, expected) << name_of(type) << ", " << count << " elements, " << blocks << " blocks";
  }

  template <typename Value>
  static void check_plain(Datatype type, std::size_t count, std::size_t blocks) {
    std::vector<Value> from(blocks * count), into(count + 1, Value{77});
    for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<Value>(i * 37 % 11 + 1);
    for (std::size_t i = 0; i < count; ++i) into[i] = static_cast<Value>(i % 5 + 1);
    std::vector<Value> expected = into;
    for (std::size_t i = 0; i < from.size(); ++i)
      expected[i % count] = combine_values(op(), expected[i % count], from[i]);
    kernel(type)(into.data(), from.data(), count, blocks);
    EXPECT_EQ(into, expected) << name_of(type) << ", " << count << " elements, " << blocks << " blocks";
  }
};

TEST_P(FoldTest, EqualsTheScalarDefinition) {
  for (const std::size_t count : {1U, 2U, 7U, 16U, 17U, 33U, 255U, 1024U, 1025U, 4099U})
    for (const std::size_t blocks : {1U, 2U, 3U, 8U}) {
      check_halves(Datatype::bf16, kBf16, count, blocks);
      check_halves(Datatype::f16, kF16, count, blocks);
      check_plain<float>(Datatype::f32, count, blocks);
      check_plain<double>(Datatype::f64, count, blocks);
      check_plain<std::uint8_t>(Datatype::u8, count, blocks);
      if (op() != ReduceOp::prod) check_plain<std::int32_t>(Datatype::i32, count, blocks);
      if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Kernels, FoldTest,
                         ::testing::Combine(::testing::ValuesIn(kernels::usable_tables().begin(),
                                                                kernels::usable_tables().end()),
                                            ::testing::ValuesIn(all_reduce_ops().begin(), all_reduce_ops().end())),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param)->instruction_set) + "_" +
                                  std::string(name_of(std::get<1>(test.param)));
                         });

std::uint16_t half_of(double value) { return static_cast<std::uint16_t>(kBf16.encode(value)); }

/// In bf16 256 + 1 is 256, however often; and 256 ones are no more than they are.
TEST(Kernels, ManyBf16BlocksAreRoundedOnce) {
  const Halves ones(256, half_of(1));
  std::uint16_t sum = half_of(256);
  fold_kernel(Datatype::bf16, ReduceOp::sum)(&sum, ones.data(), 1, ones.size());
  EXPECT_EQ(kBf16.decode(sum), 512);
  std::uint16_t rounded = half_of(256);
  for (const std::uint16_t& one : ones) reduce_kernel(Datatype::bf16, ReduceOp::sum)(&rounded, &rounded, &one, 1);
  EXPECT_EQ(kBf16.decode(rounded), 256);
}

TEST(Kernels, AFoldKeepsNaN) {
  const Halves values = {half_of(1), half_of(NAN), half_of(2)};
  std::uint16_t sum = half_of(1);
  fold_kernel(Datatype::bf16, ReduceOp::sum)(&sum, values.data(), 1, values.size());
  EXPECT_TRUE(std::isnan(kBf16.decode(sum)));
}

}  // namespace
}  // namespace weft
