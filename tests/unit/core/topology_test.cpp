#include "core/topology.hpp"

#include <filesystem>

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
  const Place place = {"node7", 1, 2, 3, "4-5", "3", 1, 2, 6};
  EXPECT_EQ(nlohmann::json::parse(nlohmann::json(place).dump()).get<Place>(), place);
  EXPECT_THROW(nlohmann::json::parse("{}").get<Place>(), nlohmann::json::exception);
}

Place on(const std::string& host, const std::string& cores, int quota = 0) {
  Place place;
  place.host = host;
  place.cores = cores;
  place.quota = quota;
  return place;
}

TEST(Topology, CountsTheCoresThatRanksMayUseTogether) {
  // Unbound ranks see the same two cores; bound ones see one each.
  EXPECT_FALSE((Topology{{on("a", "0-1"), on("a", "0-1")}}.oversubscribed()));
  EXPECT_TRUE((Topology{{on("a", "0-1"), on("a", "0-1"), on("a", "0-1")}}.oversubscribed()));
  EXPECT_FALSE((Topology{{on("a", "0"), on("a", "1"), on("a", "2-3")}}.oversubscribed()));
  EXPECT_TRUE((Topology{{on("a", "0"), on("a", "0")}}.oversubscribed()));
  EXPECT_EQ((Topology{{on("a", "0-7"), on("b", "0-3,9")}}.cores_of("b")), 5);
}

TEST(Topology, QuotaLimitsTheCores) {
  EXPECT_EQ((Topology{{on("a", "0-7", 2)}}.cores_of("a")), 2);
  EXPECT_TRUE((Topology{{on("a", "0-7", 1), on("a", "0-7", 1)}}.oversubscribed()));
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
