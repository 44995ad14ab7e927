#include "core/topology.hpp"

#include <filesystem>
#include <functional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/system.hpp"

namespace weft {
namespace {

TEST(Topology, PlaceAgreesWithTheKernel) {
  cpu_set_t cpus;
  ASSERT_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
  const Place place = current_place();
  EXPECT_EQ(place.host, host_name());
  EXPECT_EQ(place.kernel, boot_id() == kUnknownFact ? host_name() : boot_id());
  EXPECT_EQ(place.allowed_cpus, CPU_COUNT(&cpus));
  EXPECT_GE(place.allowed_cores, 1);
  EXPECT_LE(place.allowed_cores, place.allowed_cpus);
  EXPECT_FALSE(place.binding.empty());
  EXPECT_EQ(place.core >= 0, place.allowed_cores == 1);
}

TEST(Topology, BindsToEachAllowedCore) {
  const int cores = current_place().allowed_cores;
  for (int core = 0; core < cores; ++core) {
    const pid_t child = fork();  // so that the test program itself stays as it is
    ASSERT_GE(child, 0);
    if (child == 0) {
      const bool bound = bind_to_core(core);
      const Place place = current_place();
      cpu_set_t cpus;
      const bool one = sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) == place.allowed_cpus;
      const bool known = place.core >= 0 && place.package >= 0 && place.numa >= 0 && place.allowed_cores == 1;
      _exit(bound && one && known && (cores == 1 || place.binding != "unbound") ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "core " << core;
  }
}

TEST(Topology, PlaceSurvivesJson) {
  const Place place = {"node7", "boot3", 1, 2, 3, "4-5", "3", 1, 2, 6, 99};
  EXPECT_EQ(nlohmann::json::parse(nlohmann::json(place).dump()).get<Place>(), place);
  EXPECT_THROW(nlohmann::json::parse("{}").get<Place>(), nlohmann::json::exception);
}

Place on(const std::string& host, const std::string& cores, int quota = 0) {
  Place place;
  place.host = place.kernel = host;
  place.cores = cores;
  place.quota = quota;
  return place;
}

/// In a container, one of those of a machine, with a control group of its own.
Place in(const std::string& container, const std::string& cores, int quota = 0) {
  Place place = on(container, cores, quota);
  place.kernel = "machine";
  place.quota_group = std::hash<std::string>()(container);
  return place;
}

TEST(Topology, CountsTheCoresThatRanksMayUseTogether) {
  // Unbound ranks see the same two cores; bound ones see one each.
  EXPECT_FALSE((Topology{{on("a", "0-1"), on("a", "0-1")}}.oversubscribed()));
  EXPECT_TRUE((Topology{{on("a", "0-1"), on("a", "0-1"), on("a", "0-1")}}.oversubscribed()));
  EXPECT_FALSE((Topology{{on("a", "0"), on("a", "1"), on("a", "2-3")}}.oversubscribed()));
  EXPECT_TRUE((Topology{{on("a", "0"), on("a", "0")}}.oversubscribed()));
}

TEST(Topology, QuotaLimitsTheCores) {
  EXPECT_FALSE((Topology{{on("a", "0-7", 2), on("a", "0-7", 2)}}.oversubscribed()));
  const auto shortage = Topology{{on("a", "0-7", 1), on("a", "0-7", 1)}}.core_shortage();
  ASSERT_TRUE(shortage);
  EXPECT_EQ(shortage->ranks, 2);
  EXPECT_EQ(shortage->cores, 1);
}

TEST(Topology, HostsOfOneKernelShareItsCores) {
  EXPECT_FALSE((Topology{{on("a", "0-1"), on("b", "0-1"), on("c", "0-1")}}.oversubscribed()));
  const auto shortage = Topology{{in("a", "0-1"), in("b", "0-1"), in("c", "0-1")}}.core_shortage();
  ASSERT_TRUE(shortage);
  EXPECT_EQ(shortage->hosts, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(shortage->ranks, 3);
  EXPECT_EQ(shortage->cores, 2);
  EXPECT_FALSE((Topology{{in("a", "0-1"), in("b", "0-1")}}.oversubscribed()));
  EXPECT_FALSE((Topology{{in("a", "0"), in("b", "1"), in("c", "2-3"), in("c", "2-3")}}.oversubscribed()));
  EXPECT_EQ((Topology{{in("a", "0"), in("a", "0"), in("b", "1-3")}}.core_shortage()->hosts),
            std::vector<std::string>{"a"});
}

TEST(Topology, EachContainersQuotaIsItsOwnAndASharedOneIsShared) {
  EXPECT_FALSE((Topology{{in("a", "0-7", 1), in("b", "0-7", 1)}}.oversubscribed()));
  EXPECT_EQ((Topology{{in("a", "0-7", 2), in("b", "0-7", 1), in("b", "0-7", 1)}}.core_shortage()->hosts),
            std::vector<std::string>{"b"});
  Topology shared{{in("a", "0-7", 1), in("b", "0-7", 1)}};  // network name spaces, not containers
  shared.places[1].quota_group = shared.places[0].quota_group;
  EXPECT_TRUE(shared.oversubscribed());
}

TEST(Topology, GroupsRanksByHost) {
  const Topology topology{{on("b", "0-1"), on("a", "0-1"), on("b", "0-1"), on("b", "0-1")}};
  EXPECT_EQ(topology.ranks_per_host(), (std::map<std::string, int>{{"a", 1}, {"b", 3}}));
  EXPECT_EQ(topology.nodes(), (std::vector<int>{0, 1, 0, 0}));
  EXPECT_FALSE(topology.same_host());
  EXPECT_TRUE(topology.oversubscribed());
  EXPECT_TRUE((Topology{{on("a", "0-1"), on("a", "0-1")}}.same_host()));
}

TEST(Topology, LastLevelCacheIsACacheSize) {
  EXPECT_LT(last_level_cache(), Bytes{4} << 30);
  const bool told = std::filesystem::exists("/sys/devices/system/cpu/cpu0/cache/index0/size");
  EXPECT_GE(last_level_cache(), told ? Bytes{64} << 10 : 0);  // 0: not even the kernel knows
}

}  // namespace
}  // namespace weft
