#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "tests/unit/transports/thread_ranks.hpp"
#include "transports/shm/segments.hpp"

namespace weft::shm {
namespace {

TEST(ShmSegments, AreReadAndWrittenByPeers) {
  on_thread_ranks(3, [](World& world) {
    Segments segments(world.ranks());
    const auto first = segments.add(world, 100);
    const auto second = segments.add(world, world.rank() == 1 ? 0 : 5 << 20);
    EXPECT_NE(first, second);
    const int next = (world.rank() + 1) % 3;
    segments.at(next, Place{first} << 40 | 17)[0] = static_cast<std::byte>(world.rank() + 1);
    world.barrier();
    EXPECT_EQ(segments.base(world.rank(), first)[17], static_cast<std::byte>((world.rank() + 2) % 3 + 1));
    world.barrier();
  });
}

TEST(ShmSegments, NameAByteTheSameEverywhere) {
  on_thread_ranks(2, [](World& world) {
    Segments segments(world.ranks());
    segments.add(world, 1);
    const auto segment = segments.add(world, 3 << 20);
    const std::byte* const byte = segments.base(world.rank(), segment) + 1'234'567;
    EXPECT_EQ(segments.at(world.rank(), segments.place_of(byte)), byte);
    EXPECT_EQ(segments.place_of(byte), Place{segment} << 40 | 1'234'567);
    world.barrier();
    segments.remove(segment);
    EXPECT_THROW(segments.place_of(byte), std::logic_error);
    world.barrier();
  });
}

TEST(ShmSegments, FailOnAllRanksTogether) {
  on_thread_ranks(2, [](World& world) {
    Segments segments(world.ranks());
    EXPECT_THROW(segments.add(world, world.rank() == 1 ? Bytes{1} << 50 : 8), TransportError);
    segments.add(world, 8);  // and the ranks still agree on what comes next
  });
}

TEST(ShmMapping, IsSharedWithAnotherProcess) {
  const MemoryFile file(rounded_to_pages(1, false), false);
  const Mapping mapping(file, rounded_to_pages(1, false));
  const pid_t owner = getpid();
  const pid_t child = fork();
  if (child == 0) {
    const MemoryFile theirs(owner, file.descriptor());
    const Mapping view(theirs, mapping.size());
    view.data()[5] = std::byte{99};
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(mapping.data()[5], std::byte{99});
}

TEST(ShmMapping, SaysWhoseMemoryCannotBeOpened) {
  try {
    const MemoryFile file(getpid(), 100'000);
    FAIL();
  } catch (const TransportError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("process " + std::to_string(getpid())));
  }
}

TEST(ShmMapping, RoundsToPages) {
  EXPECT_EQ(rounded_to_pages(0, false), 4096U);
  EXPECT_EQ(rounded_to_pages(4097, false), 8192U);
  EXPECT_EQ(rounded_to_pages((2 << 20) + 1, false), Bytes{4 << 20});
  EXPECT_EQ(rounded_to_pages(1, true), Bytes{2 << 20});
}

}  // namespace
}  // namespace weft::shm
