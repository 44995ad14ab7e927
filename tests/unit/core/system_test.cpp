#include "core/system.hpp"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(System, KnowsThisHost) {
  EXPECT_FALSE(host_name().empty());
  EXPECT_NE(kernel_release().find(' '), std::string::npos) << kernel_release();
  for (const std::string& fact : {cpu_model(), cpu_governor(), clock_source()}) {
    EXPECT_FALSE(fact.empty());
    EXPECT_EQ(fact.find('\n'), std::string::npos);
  }
  EXPECT_NE(cpu_model(), "n/a");
  EXPECT_GE(memory_total(), Bytes{64} << 20);
  EXPECT_GE(cpu_quota(), 0);
}

}  // namespace
}  // namespace weft
