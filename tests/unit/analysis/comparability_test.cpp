#include "analysis/compare.hpp"
#include "analysis/conditions.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/topology.hpp"
#include "results/provenance.hpp"
#include "tests/unit/analysis/synthetic_sets.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

nlohmann::json places(const std::vector<std::string>& hosts, const std::vector<std::string>& bindings) {
  nlohmann::json all = nlohmann::json::array();
  for (std::size_t rank = 0; rank < hosts.size(); ++rank)
    all.push_back({{"host", hosts[rank]}, {"binding", bindings[rank]}, {"cores", bindings[rank]}, {"quota", 0}});
  return all;
}

class Comparability : public testing::Test {
 protected:
  Comparability() {
    for (ResultSet* set : {&base_, &now_})
      for (Launch& launch : set->launches)
        launch.run.info["topology"] = places({"a", "a", "b", "b"}, {"0", "1", "0", "1"});
  }
  void change(ResultSet& set, const std::function<void(nlohmann::json&)>& change) {
    for (Launch& launch : set.launches) change(launch.run.info);
  }
  void set_in_new(const std::string& where, const nlohmann::json& value) {
    change(now_, [&](nlohmann::json& info) { info[nlohmann::json::json_pointer(where)] = value; });
  }
  Comparison compared(const std::vector<std::string>& despite = {}) const { return compare(base_, now_, {}, despite); }

  /// Expects that nothing can be compared for this one difference, and that --despite allows it.
  void expect_obstacle(const std::string& key, const std::string& text) {
    const Comparison comparison = compared();
    EXPECT_EQ(comparison.exit_code(), 2) << key;
    EXPECT_EQ(comparison.count(Verdict::incomparable), comparison.points.size()) << key;
    EXPECT_THAT(comparison.sentence(), AllOf(HasSubstr(text), HasSubstr("--despite " + key)));
    const Comparison allowed = compared({key});
    EXPECT_EQ(allowed.exit_code(), 0) << allowed.sentence();
    ASSERT_EQ(allowed.differences.size(), 1U) << key;
    EXPECT_EQ(allowed.differences.front().text(), text);
    EXPECT_TRUE(allowed.differences.front().allowed);
    EXPECT_EQ(compared({key.substr(0, key.find('.'))}).exit_code(), 0) << "the section covers it";
    EXPECT_EQ(compared({key.substr(0, key.size() - 1)}).exit_code(), 2) << "a part of a name covers nothing";
  }

  ResultSet base_ = make_set({.name = "base", .launches = 6, .points = 2, .variation = 0.001});
  ResultSet now_ = make_set({.name = "new", .launches = 6, .points = 2, .variation = 0.001, .seed = 2});
};

TEST_F(Comparability, EachDifferenceIsNamedWithBothValues) {
  struct Case {
    const char *where, *key, *text;
    nlohmann::json value;
  };
  const std::vector<Case> cases = {
      {"/provenance/host/cpu", "host.cpu", R"(host.cpu ("a cpu" → "B"))", "B"},
      {"/provenance/host/kernel", "host.kernel", R"(host.kernel ("6.1" → "6.2"))", "6.2"},
      {"/provenance/host/governor", "host.governor", R"(host.governor (absent → "powersave"))", "powersave"},
      {"/provenance/host/memory_bytes", "host.memory_GiB", "host.memory_GiB (7 → 15)", 16'000'000'000},
      {"/provenance/environment/OMPI_MCA_btl", "environment.OMPI_MCA_btl",
       R"(environment.OMPI_MCA_btl ("vader" → "tcp"))", "tcp"},
      {"/provenance/environment/UCX_TLS", "environment.UCX_TLS", R"(environment.UCX_TLS (absent → "tcp"))", "tcp"},
      {"/provenance/transports/shm/provider", "transports.shm.provider", R"(transports.shm.provider (absent → "efa"))",
       "efa"},
      {"/provenance/build/type", "build.type", R"(build.type (absent → "Debug"))", "Debug"},
      {"/configuration/iterations", "configuration.iterations", "configuration.iterations (absent → 7)", 7},
      {"/configuration/ranks", "configuration.ranks", "configuration.ranks (4 → 8)", 8}};
  const ResultSet unchanged = now_;
  for (const Case& one : cases) {
    now_ = unchanged;
    set_in_new(one.where, one.value);
    expect_obstacle(one.key, one.text);
  }
}

std::vector<std::string> names_in(const nlohmann::json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) {
    EXPECT_FALSE(value.is_null()) << name;
    names.push_back(name);
  }
  return names;
}

/// What --despite takes is what a run can tell, as run.json has it.
TEST(Conditions, NamesAreThoseThatARunAndItsRowsTell) {
  nlohmann::json all =
      conditions_of({{"provenance", collect_provenance({})}, {"topology", nlohmann::json::array({Place{}})}});
  all.merge_patch(conditions_of(Record{}));
  EXPECT_THAT(condition_sections(), UnorderedElementsAreArray(names_in(all)));
  for (const char* section : {"host", "topology"})
    EXPECT_THAT(condition_names(section), UnorderedElementsAreArray(names_in(all[section]))) << section;
  for (const char* name : {"binding", "cores", "quota"}) EXPECT_FALSE(all["topology"][name][0].is_null()) << name;
  EXPECT_THAT(condition_names("environment"), IsEmpty()) << "whatever variables there are";
}

TEST_F(Comparability, PlacesOfTheRanksAreConditionsAndNamesOfHostsAreNot) {
  set_in_new("/topology", places({"x", "x", "y", "y"}, {"0", "1", "0", "1"}));
  EXPECT_EQ(compared().exit_code(), 0);
  set_in_new("/topology", places({"a", "a", "a", "b"}, {"0", "1", "0", "1"}));
  expect_obstacle("topology.ranks_per_host", "topology.ranks_per_host ([0] 2 → [0] 3)");
  set_in_new("/topology", places({"a", "a", "b", "b"}, {"0", "1", "0", "2"}));
  EXPECT_THAT(compared().sentence(), HasSubstr(R"(topology.binding ([3] "1" → [3] "2"))"));
  EXPECT_EQ(compared({"topology.binding"}).exit_code(), 2);
  EXPECT_EQ(compared({"topology.binding", "topology.cores"}).exit_code(), 0);
  set_in_new("/topology", places({"a", "b", "c", "d"}, {"0", "1", "0", "1"}));
  EXPECT_THAT(compared().sentence(), HasSubstr("topology.hosts (2 → 4)"));
}

TEST_F(Comparability, StartsAreComparedAsAskedForAndAreInconclusiveWhereTheyCameOutMixed) {
  const ResultSet unchanged = now_;
  set_in_new("/configuration/sync", "none");
  expect_obstacle("configuration.sync", R"(configuration.sync (absent → "none"))");
  now_ = unchanged;
  change_rows(now_, 1, [](Record& record) { record.sync = "round-time"; });
  const Comparison comparison = compared();
  EXPECT_EQ(comparison.exit_code(), 3);
  EXPECT_EQ(comparison.count(Verdict::inconclusive), 1U);
  EXPECT_THAT(comparison.points.front().reason, HasSubstr("started by barrier in some launches and by round-time"));
}

TEST_F(Comparability, TheRowsTellCacheAndOversubscription) {
  const ResultSet unchanged = now_;
  for (std::size_t point : {0U, 1U}) change_rows(now_, point, [](Record& record) { record.cache = "hot"; });
  expect_obstacle("configuration.cache", R"(configuration.cache ("rotate" → "hot"))");
  now_ = unchanged;
  for (std::size_t point : {0U, 1U}) change_rows(now_, point, [](Record& record) { record.oversubscribed = true; });
  expect_obstacle("topology.oversubscribed", "topology.oversubscribed (false → true)");
}

TEST_F(Comparability, WhatOnlyConcernsOtherPointsDoesNotMatter) {
  set_in_new("/provenance/libraries/mpi", "Open MPI 5");  // the points go over shm
  set_in_new("/provenance/libraries/fmt", "10");
  set_in_new("/provenance/transports/ofi/provider", "efa");
  set_in_new("/configuration/ofi/provider", "efa");
  set_in_new("/configuration/routers", {"lognormal:2"});
  set_in_new("/configuration/micro_batches", 4);
  set_in_new("/configuration/fabric", {{"latency_ns", 5}});
  set_in_new("/configuration/max_bytes", 1024);
  set_in_new("/provenance/environment/SLURM_JOB_ID", "7");
  EXPECT_EQ(compared().exit_code(), 0);
  EXPECT_THAT(compared().differences, IsEmpty());
  for (ResultSet* set : {&base_, &now_}) change_rows(*set, 1, [](Record& record) { record.transport = "mpi"; });
  const Comparison comparison = compared();
  EXPECT_EQ(comparison.count(Verdict::incomparable), 1U);
  EXPECT_EQ(comparison.count(Verdict::same), 1U);
  EXPECT_THAT(comparison.sentence(), HasSubstr("libraries.mpi"));
  for (ResultSet* set : {&base_, &now_}) change_rows(*set, 1, [](Record& record) { record.transport = "model"; });
  EXPECT_THAT(compared().sentence(), HasSubstr("configuration.fabric.latency_ns (absent → 5)"));
  EXPECT_EQ(compared({"configuration.fabric"}).exit_code(), 0);
}

TEST_F(Comparability, LaunchesOfOneSetMustAgreeToo) {
  base_.launches[4].run.info["provenance"]["host"]["cpu"] = "B";
  const Comparison comparison = compared();
  EXPECT_EQ(comparison.exit_code(), 2);
  EXPECT_THAT(comparison.sentence(), HasSubstr(R"(host.cpu ("a cpu" in base/1, "B" in base/5))"));
  EXPECT_EQ(compared({"host.cpu"}).exit_code(), 0);
}

TEST_F(Comparability, AMissingPointOfOtherConditionsIsIncomparable) {
  set_in_new("/configuration/ranks", 8);
  for (std::size_t point : {0U, 1U}) change_rows(now_, point, [](Record& record) { record.ranks = 8; });
  EXPECT_EQ(compared().exit_code(), 2);
  EXPECT_EQ(compared({"configuration.ranks"}).exit_code(), 1);
}

TEST_F(Comparability, WeftsVersionIsANote) {
  set_in_new("/provenance/weft/version", "1.1.0");
  now_.notes = {"left out: new/007 was killed"};
  base_.lost = {{"base/003", "exit code 139"}};
  const Comparison comparison = compared({"host.cpu"});
  EXPECT_EQ(comparison.exit_code(), 0);
  EXPECT_THAT(comparison.notes,
              AllOf(Contains(HasSubstr(R"(weft.version differs, which is allowed: "1.0.0" → "1.1.0")")),
                    Contains(HasSubstr("new/007 was killed")), Contains("without a result: base/003 (exit code 139)"),
                    Contains(HasSubstr("--despite host.cpu: nothing differs there"))));
}

}  // namespace
}  // namespace weft
