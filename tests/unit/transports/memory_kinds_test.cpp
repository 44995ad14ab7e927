// Which memory a transport takes, and what it says where it has none.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/system.hpp"
#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft {
namespace {

/// What the transport says to this kind in a world of one rank that is a thread.
std::string refusal(const std::string& transport, MemoryKind kind) {
  std::string said;
  worlds::registry().find("threads").launch({.ranks = 1}, [&](World& world) {
    said = transports::registry().find(transport).refuses(world, {.model = {}, .memory = kind});
    return 0;
  });
  return said;
}

TEST(MemoryKinds, HaveNames) {
  for (const char* name : {"auto", "host", "huge", "registered", "device"})
    EXPECT_EQ(name_of(parse_memory_kind(name)), name);
  EXPECT_THROW(parse_memory_kind("hugh"), UsageError);
}

TEST(MemoryKinds, ATransportSaysWhichItTakes) {
  EXPECT_EQ(refusal("shm", MemoryKind::automatic), "");
  EXPECT_EQ(refusal("shm", MemoryKind::host), "");
  EXPECT_EQ(refusal("shm", MemoryKind::device), "--memory device: shm takes host, huge");
  EXPECT_EQ(refusal("shm", MemoryKind::registered), "--memory registered: shm takes host, huge");
}

TEST(MemoryKinds, SharedHugePagesAreThoseThatAreReserved) {
  const std::string said = refusal("shm", MemoryKind::huge);
  if (reserved_huge_pages() == 0) {
    EXPECT_NE(said.find("/proc/sys/vm/nr_hugepages"), std::string::npos) << said;
    GTEST_SKIP() << "this system has reserved no huge pages to map";
  }
  EXPECT_EQ(said, "");
  const auto touch = [](World& world) {
    const auto shm = transports::registry().find("shm").create(world, {.model = {}, .memory = MemoryKind::huge});
    const Memory memory = shm->allocate(5000);
    std::memset(memory.get(), 1, 5000);
    return reinterpret_cast<std::uintptr_t>(memory.get()) % kHugePage == 0 ? 0 : 1;
  };
  EXPECT_EQ(worlds::registry().find("threads").launch({.ranks = 1}, touch), 0);
}

TEST(Nccl, SaysThatThereIsNoDevice) {
  const std::vector<std::string> known = transports::registry().names();
  if (std::find(known.begin(), known.end(), "nccl") == known.end()) GTEST_SKIP() << "nccl is not in this build";
  EXPECT_EQ(refusal("nccl", MemoryKind::host), "--memory host: nccl takes device, registered");
  const std::string device = transports::registry().find("nccl").needs_device;
  for (const char* driver : {"/dev/nvidiactl", "/dev/kfd"})
    if (std::filesystem::exists(driver)) GTEST_SKIP() << "this machine may have " << device;
  EXPECT_EQ(refusal("nccl", MemoryKind::automatic).find("nccl needs " + device + " and this host shows none ("), 0U);
}

}  // namespace
}  // namespace weft
