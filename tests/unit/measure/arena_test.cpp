#include "measure/arena.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace weft {
namespace {

constexpr Bytes kCache = 32 << 20;

TEST(Arena, RotatingBuffersCoverTwiceTheCacheWhateverTheSize) {
  for (const Bytes size : {Bytes{8}, Bytes{4096}, Bytes{1} << 20, Bytes{20} << 20}) {
    const SpaceSizes sizes{.in = size, .out = size, .scratch = 0};
    const std::size_t slots = Arena::slots_for(CacheMode::rotate, sizes, kCache);
    EXPECT_GE(Arena::footprint(sizes, slots), 2 * kCache) << size;
    EXPECT_GE(slots, 2U);
  }
}

TEST(Arena, OtherModesUseOneBuffer) {
  const SpaceSizes sizes{.in = 8, .out = 8, .scratch = 0};
  EXPECT_EQ(Arena::slots_for(CacheMode::hot, sizes, kCache), 1U);
  EXPECT_EQ(Arena::slots_for(CacheMode::fresh, sizes, kCache), 1U);
}

TEST(Arena, LargestSizesOverPrograms) {
  Program small;
  small.in_bytes = 10;
  small.scratch_bytes = 99;
  Program large;
  large.in_bytes = 20;
  large.out_bytes = 5;
  const std::vector<Program> programs = {small, large};
  const SpaceSizes sizes = largest_sizes(programs);
  EXPECT_EQ(sizes.in, 20U);
  EXPECT_EQ(sizes.out, 5U);
  EXPECT_EQ(sizes.scratch, 99U);
}

TEST(Arena, CacheModesAreReadBack) {
  for (const CacheMode mode : {CacheMode::rotate, CacheMode::hot, CacheMode::fresh, CacheMode::flush})
    EXPECT_EQ(parse_cache_mode(name_of(mode)), mode);
  EXPECT_THROW(parse_cache_mode("hto"), UsageError);
}

}  // namespace
}  // namespace weft
