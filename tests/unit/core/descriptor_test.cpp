#include "core/descriptor.hpp"

#include <array>

#include <fcntl.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

bool is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

std::array<int, 2> new_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  return ends;
}

TEST(Descriptor, IsClosedWithItsOwner) {
  const auto [reader, writer] = new_pipe();
  {
    const Descriptor first(reader);
    Descriptor second(writer);
    EXPECT_TRUE(first);
    second.close();
    EXPECT_FALSE(second);
    EXPECT_FALSE(is_open(writer));
    EXPECT_TRUE(is_open(reader));
  }
  EXPECT_FALSE(is_open(reader));
}

TEST(Descriptor, ThatIsReplacedIsClosedAtOnce) {
  const auto [reader, writer] = new_pipe();
  Descriptor first(reader);
  Descriptor second(writer);
  first = std::move(second);
  EXPECT_EQ(first.get(), writer);
  EXPECT_FALSE(is_open(reader));
  Descriptor third(std::move(first));
  EXPECT_EQ(third.get(), writer);
  third = Descriptor();
  EXPECT_FALSE(is_open(writer));
}

}  // namespace
}  // namespace weft
