#include "core/units.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace weft {
namespace {

TEST(Units, ReadsBinarySizes) {
  EXPECT_EQ(parse_bytes("8"), 8U);
  EXPECT_EQ(parse_bytes("64K"), 65536U);
  EXPECT_EQ(parse_bytes("128MiB"), 128U << 20);
  EXPECT_EQ(parse_bytes("3GB"), Bytes{3} << 30);
  EXPECT_EQ(parse_bytes("0"), 0U);
}

TEST(Units, RefusesWhatIsNoSize) {
  for (const char* text : {"", "K", "-8", "8 K", "1.5M", "8Q", "8KK", "0x10", "18446744073709551616Q"})
    EXPECT_THROW(parse_bytes(text), UsageError) << text;
}

TEST(Units, SaysWhichSizeIsTooLarge) {
  EXPECT_EQ(parse_bytes("1024T"), kMostBytes);
  EXPECT_THROW(parse_bytes("1025", 1024), UsageError);
  for (const char* text : {"1125899906842625", "1025T", "9223372036854775807", "99999999999999999999", "99999999999T"})
    try {
      parse_bytes(text);
      ADD_FAILURE() << text;
    } catch (const UsageError& error) {
      EXPECT_EQ(error.what(), std::string("'") + text + "' is too large a size: give 1024T at most");
    }
}

TEST(Units, FormatsWhatItReads) {
  for (const Bytes bytes : {Bytes{0}, Bytes{8}, Bytes{1536}, Bytes{65536}, Bytes{3} << 30})
    EXPECT_EQ(parse_bytes(format_bytes(bytes)), bytes);
  EXPECT_EQ(format_bytes(65536), "64K");
  EXPECT_EQ(format_bytes(1536), "1536");
}

TEST(Units, RoundsForTablesWhatHasNoShortForm) {
  EXPECT_EQ(short_bytes(65536), "64K");
  EXPECT_EQ(short_bytes(1536), "1536");
  EXPECT_EQ(short_bytes(30'303'030), "28.9M");
  EXPECT_EQ(short_bytes((Bytes{3} << 30) + 1), "3.0G");
}

TEST(Units, BandwidthIsDecimalGigabytes) { EXPECT_DOUBLE_EQ(gigabytes_per_second(2'000'000'000, 1e9), 2.0); }

}  // namespace
}  // namespace weft
