#include <cstring>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "core/kernels.hpp"
#include "core/kernels/table.hpp"
#include "tests/unit/core/formats.hpp"

namespace weft {
namespace {

using testing::kBf16;
using testing::kE4m3;

std::uint16_t bf16(double value) { return static_cast<std::uint16_t>(kBf16.encode(kBf16.round(value))); }

/// The code nearest to x among all 256, ties to the even code, found by trying them all.
std::uint8_t nearest_e4m3(double x) {
  int best = 0;
  for (int code = 0; code < 0x7f; ++code) {  // 0x7f is NaN
    const double distance = std::fabs(std::fabs(x) - kE4m3.decode(static_cast<std::uint32_t>(code)));
    const double least = std::fabs(std::fabs(x) - kE4m3.decode(static_cast<std::uint32_t>(best)));
    if (distance < least || (distance == least && code % 2 == 0)) best = code;
  }
  return static_cast<std::uint8_t>(best | (std::signbit(x) ? 0x80 : 0));
}

class Fp8Test : public ::testing::TestWithParam<const kernels::Table*> {};

/// A first value of 448 makes the scale 1, so that the rest of the block shows the encoding itself.
TEST_P(Fp8Test, EncodesEveryBf16ToTheNearestCode) {
  for (std::uint32_t start = 0; start < 0x10000U; start += kFp8Block - 1) {
    std::vector<std::uint16_t> from = {bf16(448)};
    for (std::uint32_t code = start; code < 0x10000U && from.size() < kFp8Block; ++code)
      if (!(std::fabs(kBf16.decode(code)) > 448)) from.push_back(static_cast<std::uint16_t>(code));
    std::vector<std::uint8_t> values(from.size());
    float scale = 0;
    GetParam()->quantise_fp8(values.data(), &scale, from.data(), from.size());
    ASSERT_EQ(scale, 1.0F);
    for (std::size_t i = 0; i < from.size(); ++i) {
      const double x = kBf16.decode(from[i]);
      if (std::isnan(x))
        ASSERT_EQ(values[i] & 0x7f, 0x7f);
      else
        ASSERT_EQ(values[i], nearest_e4m3(x)) << x;
    }
  }
}

TEST_P(Fp8Test, DecodesAll256Codes) {
  std::vector<std::uint8_t> codes(256);
  std::iota(codes.begin(), codes.end(), std::uint8_t{0});
  const float scales[2] = {1.0F, 0.5F};
  std::vector<std::uint16_t> result(codes.size());
  GetParam()->dequantise_fp8(result.data(), codes.data(), scales, codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const double right = kE4m3.decode(static_cast<std::uint32_t>(i)) * static_cast<double>(scales[i / kFp8Block]);
    if (std::isnan(right))
      EXPECT_TRUE(std::isnan(kBf16.decode(result[i])));
    else
      EXPECT_EQ(result[i], kBf16.encode(right)) << i;
  }
}

TEST_P(Fp8Test, ScalesEachBlockByItsLargestMagnitude) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0, 3);
  for (const std::size_t count : {1U, 5U, 127U, 128U, 129U, 300U, 1027U}) {
    std::vector<std::uint16_t> from(count);
    for (std::size_t i = 0; i < count; ++i) from[i] = bf16(normal(random) * std::ldexp(1.0, static_cast<int>(i / 40)));
    const std::size_t blocks = (count + kFp8Block - 1) / kFp8Block;
    std::vector<std::uint8_t> values(count + 1, 0xee);
    std::vector<float> scales(blocks + 1, -1);
    GetParam()->quantise_fp8(values.data(), scales.data(), from.data(), count);
    EXPECT_EQ(values[count], 0xee);
    EXPECT_EQ(scales[blocks], -1);
    for (std::size_t block = 0; block < blocks; ++block) {
      float largest = 0;
      for (std::size_t i = block * kFp8Block; i < std::min(count, (block + 1) * kFp8Block); ++i)
        largest = std::max(largest, std::fabs(static_cast<float>(kBf16.decode(from[i]))));
      EXPECT_EQ(scales[block], largest / 448.0F);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const float quotient = static_cast<float>(kBf16.decode(from[i])) / scales[i / kFp8Block];
      ASSERT_EQ(values[i], nearest_e4m3(quotient)) << "element " << i << " of " << count;
    }
    std::vector<std::uint16_t> back(count);
    GetParam()->dequantise_fp8(back.data(), values.data(), scales.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      const float product = static_cast<float>(kE4m3.decode(values[i])) * scales[i / kFp8Block];
      ASSERT_EQ(back[i], bf16(product)) << "element " << i << " of " << count;
    }
  }
}

TEST_P(Fp8Test, ZerosHaveTheScaleZeroAndNanSpoilsOnlyItself) {
  std::vector<std::uint16_t> from(kFp8Block, bf16(0));
  std::vector<std::uint8_t> values(from.size(), 0xee);
  float scale = -1;
  GetParam()->quantise_fp8(values.data(), &scale, from.data(), from.size());
  EXPECT_EQ(scale, 0.0F);
  EXPECT_EQ(values, std::vector<std::uint8_t>(from.size(), 0));
  from[3] = 0x7fc0;
  from[4] = bf16(-2);
  GetParam()->quantise_fp8(values.data(), &scale, from.data(), from.size());
  EXPECT_EQ(scale, 2.0F / 448.0F);
  EXPECT_EQ(values[3], 0x7f);
  EXPECT_EQ(values[4], 0xfe);
}

const auto kTables = ::testing::ValuesIn(kernels::usable_tables().begin(), kernels::usable_tables().end());
const auto kTableName = [](const auto& test) { return std::string(test.param->instruction_set); };

INSTANTIATE_TEST_SUITE_P(Kernels, Fp8Test, kTables, kTableName);

class RowsTest : public ::testing::TestWithParam<const kernels::Table*> {};

std::vector<std::uint8_t> random_bytes(std::size_t count) {
  std::mt19937 random(3);
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST_P(RowsTest, PackGathersAndUnpackScatters) {
  for (const std::size_t row : {0U, 1U, 7U, 64U, 100U, 7392U}) {
    const std::vector<std::uint32_t> index = {4, 0, 6, 1, 3, 2, 5};
    const auto from = random_bytes(row * index.size());
    std::vector<std::uint8_t> packed(from.size() + 1, 0xee), back(from.size() + 1, 0xee);
    GetParam()->pack_rows(packed.data(), from.data(), row, index.data(), index.size());
    for (std::size_t i = 0; i < row * index.size(); ++i)
      ASSERT_EQ(packed[i], from[index[i / row] * row + i % row]) << row;
    GetParam()->unpack_rows(back.data(), packed.data(), row, index.data(), index.size());
    EXPECT_EQ(std::vector<std::uint8_t>(back.begin(), back.end() - 1), from);
    EXPECT_EQ(packed.back(), 0xee);
    EXPECT_EQ(back.back(), 0xee);
  }
}

TEST_P(RowsTest, PackTakesARowAsOftenAsItIsNamed) {
  const std::vector<std::uint32_t> index = {1, 1, 0, 1};  // a token goes to several experts
  const auto from = random_bytes(std::size_t{2} * 96);
  std::vector<std::uint8_t> packed(std::size_t{4} * 96);
  GetParam()->pack_rows(packed.data(), from.data(), 96, index.data(), index.size());
  for (std::size_t i = 0; i < packed.size(); ++i) ASSERT_EQ(packed[i], from[std::size_t{index[i / 96]} * 96 + i % 96]);
}

TEST_P(RowsTest, StreamingCopyCopies) {
  const auto from = random_bytes(5000);
  for (const std::size_t bytes : {0U, 1U, 63U, 64U, 255U, 256U, 257U, 1000U, 4096U})
    for (const std::size_t offset : {0U, 1U, 17U, 64U}) {
      std::vector<std::uint8_t> into(from.size() + 200, 0xee);
      auto expected = into;
      if (bytes != 0) std::memcpy(expected.data() + offset, from.data() + 3, bytes);
      GetParam()->copy_streaming(into.data() + offset, from.data() + 3, bytes);
      ASSERT_EQ(into, expected) << bytes << " bytes at " << offset;
    }
}

INSTANTIATE_TEST_SUITE_P(Kernels, RowsTest, kTables, kTableName);

}  // namespace
}  // namespace weft
