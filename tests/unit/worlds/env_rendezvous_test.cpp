// What the environment says of a process, and what is wrong with it.
#include <cstdlib>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/core/temporary_folder.hpp"
#include "worlds/env/rendezvous.hpp"
#include "worlds/launcher_environment.hpp"

namespace weft::env {
namespace {

using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

/// Only these of the variables that say who a process is, as long as it lives.
class Environment {
 public:
  explicit Environment(const Variables& set) {
    for (const char* name : kNames) {
      if (const char* old = std::getenv(name)) before_[name] = old;
      unsetenv(name);
    }
    for (const auto& [name, value] : set) setenv(name.c_str(), value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (const char* name : kNames) unsetenv(name);
    for (const auto& [name, value] : before_) setenv(name.c_str(), value.c_str(), 1);
  }

 private:
  static constexpr const char* kNames[] = {"RANK",
                                           "WORLD_SIZE",
                                           "LOCAL_WORLD_SIZE",
                                           "MASTER_ADDR",
                                           "MASTER_PORT",
                                           "TORCHELASTIC_RUN_ID",
                                           "TORCHELASTIC_USE_AGENT_STORE",
                                           "WEFT_RENDEZVOUS",
                                           "WEFT_SECRET",
                                           "WEFT_SECRET_FILE",
                                           "OMPI_COMM_WORLD_RANK",
                                           "OMPI_COMM_WORLD_SIZE",
                                           "PMI_RANK",
                                           "PMI_SIZE",
                                           "MPI_LOCALNRANKS",
                                           "PMIX_RANK",
                                           "SLURM_PROCID",
                                           "SLURM_NTASKS",
                                           "SLURM_STEP_ID",
                                           "SLURM_STEP_NUM_TASKS",
                                           "SLURM_JOB_ID",
                                           "SLURM_STEP_NODELIST"};
  Variables before_;
};

const Variables kTorchrun = {{"RANK", "3"},
                             {"WORLD_SIZE", "8"},
                             {"LOCAL_WORLD_SIZE", "4"},
                             {"MASTER_ADDR", "10.0.0.1"},
                             {"MASTER_PORT", "29400"}};

Variables torchrun_but(const std::string& name, const std::string& value) {
  Variables variables = kTorchrun;
  variables[name] = value;
  if (value.empty()) variables.erase(name);
  return variables;
}

std::string refusal(const Variables& variables, const LaunchOptions& options = {}) {
  const Environment environment(variables);
  try {
    read_rendezvous(options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(EnvRendezvous, IsAsTorchrunSays) {
  const Environment environment(kTorchrun);
  const Rendezvous rendezvous = read_rendezvous({});
  EXPECT_EQ(rendezvous.rank, 3);
  EXPECT_EQ(rendezvous.ranks, 8);
  EXPECT_EQ(rendezvous.place(), "10.0.0.1:29400");
  EXPECT_EQ(launcher_environment()->local_ranks, 4);
  EXPECT_FALSE(launcher_environment()->starts_mpi);
  EXPECT_TRUE(launcher_environment()->by_hand);
}

TEST(EnvRendezvous, LeavesTheAgentItsPort) {
  const Environment environment(torchrun_but("TORCHELASTIC_USE_AGENT_STORE", "True"));
  EXPECT_EQ(read_rendezvous({}).port, 29401);
}

TEST(EnvRendezvous, FlagAndVariableComeBeforeMaster) {
  const Environment environment(torchrun_but("WEFT_RENDEZVOUS", "[fe80::1]:7"));
  EXPECT_EQ(read_rendezvous({}).host, "fe80::1");
  EXPECT_EQ(read_rendezvous({}).place(), "[fe80::1]:7");
  EXPECT_EQ(read_rendezvous({.rendezvous = "head:9"}).place(), "head:9");
}

TEST(EnvRendezvous, IsTheFirstHostOfASlurmStep) {
  const Environment environment({{"SLURM_PROCID", "5"},
                                 {"SLURM_NTASKS", "6"},
                                 {"SLURM_STEP_ID", "0"},
                                 {"SLURM_JOB_ID", "77"},
                                 {"SLURM_STEP_NODELIST", "gpu[08-11,40],login1"}});
  const Rendezvous rendezvous = read_rendezvous({});
  EXPECT_EQ(rendezvous.rank, 5);
  EXPECT_EQ(rendezvous.ranks, 6);
  EXPECT_EQ(rendezvous.host, "gpu08");
  EXPECT_GE(rendezvous.port, 20000);
  EXPECT_LT(rendezvous.port, 30000);
  EXPECT_FALSE(launcher_environment()->starts_mpi);
}

TEST(EnvRendezvous, TheInnermostLauncherCounts) {
  Variables variables = kTorchrun;
  variables["OMPI_COMM_WORLD_RANK"] = "1";
  variables["OMPI_COMM_WORLD_SIZE"] = "2";
  {
    const Environment environment(variables);
    EXPECT_TRUE(launcher_environment()->starts_mpi);
    EXPECT_EQ(read_rendezvous({}).rank, 1);
  }
  variables["TORCHELASTIC_RUN_ID"] = "job";
  const Environment environment(variables);
  EXPECT_FALSE(launcher_environment()->starts_mpi);
  EXPECT_FALSE(launcher_environment()->by_hand);
  EXPECT_EQ(read_rendezvous({}).rank, 3);
}

const Variables kSrun = {{"SLURM_PROCID", "1"},
                         {"SLURM_NTASKS", "2"},
                         {"SLURM_STEP_ID", "0"},
                         {"SLURM_JOB_ID", "77"},
                         {"SLURM_STEP_NODELIST", "a,b"}};

/// With a value of "" a variable is left out.
Variables with(Variables variables, const Variables& others) {
  for (const auto& [name, value] : others) variables[name] = value;
  std::erase_if(variables, [](const auto& one) { return one.second.empty(); });
  return variables;
}

TEST(EnvRendezvous, AStepHasAsManyRanksAsTasksWhateverTheJobHas) {
  const Environment environment(with(kSrun, {{"SLURM_NTASKS", "8"}, {"SLURM_STEP_NUM_TASKS", "2"}}));
  EXPECT_EQ(read_rendezvous({}).ranks, 2);
}

TEST(EnvRendezvous, MasterOfAScriptServesItsSteps) {
  const Environment environment(
      with(kSrun, {{"WORLD_SIZE", "2"}, {"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "29500"}}));
  EXPECT_EQ(read_rendezvous({}).rank, 1);
  EXPECT_EQ(read_rendezvous({}).place(), "10.0.0.1:29500");
}

TEST(EnvRendezvous, PmixTellsTheRankAndOthersHowMany) {
  for (const Variables& ranks : {Variables{{"SLURM_NTASKS", "4"}}, Variables{{"SLURM_STEP_NUM_TASKS", "4"}},
                                 Variables{{"OMPI_COMM_WORLD_SIZE", "4"}}, Variables{{"WORLD_SIZE", "4"}}}) {
    const Environment environment(with({{"PMIX_RANK", "3"}}, ranks));
    const Rendezvous rendezvous = read_rendezvous({.rendezvous = "head:9"});
    EXPECT_EQ(rendezvous.rank, 3) << ranks.begin()->first;
    EXPECT_EQ(rendezvous.ranks, 4) << ranks.begin()->first;
    EXPECT_EQ(launcher_environment()->starts_mpi, !ranks.contains("WORLD_SIZE")) << "given by hand, it is for env";
  }
  const Environment environment(with(kSrun, {{"PMIX_RANK", "1"}}));
  EXPECT_TRUE(launcher_environment()->starts_mpi);
  EXPECT_EQ(read_rendezvous({}).rank, 1);
}

TEST(EnvRendezvous, AShellIsNoRank) {
  for (const Variables& shell :
       {Variables(), Variables{{"MASTER_ADDR", "head"}, {"MASTER_PORT", "29500"}},
        Variables{{"SLURM_JOB_ID", "77"}, {"SLURM_NTASKS", "4"}},                         // of salloc
        Variables{{"SLURM_JOB_ID", "77"}, {"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}},  // the script of sbatch
        with(kSrun, {{"SLURM_STEP_ID", "4294967290"}, {"SLURM_PROCID", "0"}, {"PMIX_RANK", "0"}}),  // salloc's own step
        with(kSrun, {{"SLURM_STEP_ID", "4294967290"}, {"SLURM_PROCID", "0"}, {"PMI_RANK", "0"}, {"PMI_SIZE", "1"}}),
        with(kSrun, {{"SLURM_STEP_ID", "4294967291"}, {"SLURM_PROCID", "0"}})}) {
    const Environment environment(shell);
    EXPECT_FALSE(read_launcher_environment().has_value()) << shell.size();
    EXPECT_TRUE(is_first_process());
  }
}

TEST(EnvRendezvous, WhatMpirunStartsInAShellOfSallocIsARank) {
  const Variables shell = with(kSrun, {{"SLURM_STEP_ID", "4294967290"}, {"SLURM_PROCID", "0"}});
  for (const Variables& mpirun :
       {Variables{{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}, {"MPI_LOCALNRANKS", "2"}},  // Hydra's
        Variables{{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}},                            // another's
        Variables{{"PMIX_RANK", "0"}, {"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "2"}}}) {
    const Environment environment(with(shell, mpirun));
    ASSERT_TRUE(launcher_environment().has_value()) << mpirun.begin()->first;
    EXPECT_EQ(launcher_environment()->ranks, 2);
    EXPECT_TRUE(launcher_environment()->starts_mpi);
  }
}

TEST(EnvRendezvous, FirstHostOfALists) {
  EXPECT_EQ(first_host("a"), "a");
  EXPECT_EQ(first_host("a,b[1-3]"), "a");
  EXPECT_EQ(first_host("a[1-3],b"), "a1");
  EXPECT_EQ(first_host("a[7]-ib,b"), "a7-ib");
  EXPECT_EQ(first_host("a[7"), "");
  EXPECT_EQ(first_host(""), "");
}

TEST(EnvRendezvous, NamesTheVariableThatIsWrong) {
  EXPECT_THAT(refusal(torchrun_but("RANK", "8")), HasSubstr("RANK=8: of WORLD_SIZE=8"));
  EXPECT_THAT(refusal(torchrun_but("RANK", "-1")), HasSubstr("RANK=-1"));
  EXPECT_THAT(refusal(torchrun_but("RANK", "3x")), HasSubstr("RANK=3x"));
  EXPECT_THAT(refusal(torchrun_but("RANK", "")), HasSubstr("RANK is not set"));
  EXPECT_THAT(refusal(torchrun_but("WORLD_SIZE", "")), HasSubstr("WORLD_SIZE is not set"));
  EXPECT_THAT(refusal(torchrun_but("WORLD_SIZE", "0")), HasSubstr("WORLD_SIZE=0"));
  EXPECT_THAT(refusal(torchrun_but("WORLD_SIZE", "99999999999")), HasSubstr("WORLD_SIZE=99999999999"));
  EXPECT_THAT(refusal(torchrun_but("MASTER_PORT", "abc")), HasSubstr("MASTER_PORT=abc"));
  EXPECT_THAT(refusal(torchrun_but("MASTER_PORT", "70000")), HasSubstr("MASTER_PORT=70000"));
  EXPECT_THAT(refusal(torchrun_but("MASTER_PORT", "")), HasSubstr("MASTER_PORT is not set"));
  EXPECT_THAT(refusal(torchrun_but("MASTER_ADDR", "")), HasSubstr("MASTER_ADDR is not set"));
  EXPECT_THAT(refusal(torchrun_but("WEFT_RENDEZVOUS", "head")), HasSubstr("WEFT_RENDEZVOUS 'head'"));
  for (const char* bare : {"::1", "::1:29500", "fe80::1:7", "[::1]"})
    EXPECT_THAT(refusal(kTorchrun, {.rendezvous = bare}), HasSubstr("or [fe80::1]:29500"));
  EXPECT_THAT(refusal(kTorchrun, {.rendezvous = "head:0"}), HasSubstr("--rendezvous 'head:0'"));
}

/// What is said where nothing on the command line asks for the world env.
std::string launcher_refusal(const Variables& variables) {
  const Environment environment(variables);
  EXPECT_FALSE(launcher_environment().has_value());
  try {
    read_launcher_environment();
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(EnvRendezvous, AProcessOfSeveralThatIsNotToldWhichIsRefused) {
  for (const auto& [variables, words] : std::vector<std::pair<Variables, std::string>>{
           {with(kSrun, {{"SLURM_PROCID", "5"}}), "SLURM_PROCID=5: of SLURM_NTASKS=2"},
           {with(kSrun, {{"SLURM_PROCID", "x"}}), "SLURM_PROCID=x: give a whole number"},
           {with(kSrun, {{"SLURM_PROCID", ""}}), "SLURM_PROCID is not set, though SLURM_STEP_ID is"},
           {with(kSrun, {{"SLURM_NTASKS", ""}}),
            "SLURM_STEP_NUM_TASKS and SLURM_NTASKS is set, though SLURM_STEP_ID is"},
           {with(kSrun, {{"SLURM_NTASKS", "many"}}), "SLURM_NTASKS=many"},
           {with(kSrun, {{"RANK", "7"}, {"WORLD_SIZE", "4"}, {"MASTER_PORT", "29500"}}), "RANK=7: of WORLD_SIZE=4"},
           {with(kSrun, {{"PMIX_RANK", "0"}}), "PMIX_RANK=0 and SLURM_PROCID=1 are two ranks"},
           {{{"PMIX_RANK", "1"}}, "SLURM_NTASKS and WORLD_SIZE is set, though PMIX_RANK is"},
           {{{"PMIX_RANK", "2"}, {"WORLD_SIZE", "2"}}, "PMIX_RANK=2: of WORLD_SIZE=2"},
           {{{"PMI_RANK", "1"}}, "PMI_SIZE is not set, though PMI_RANK is"},
           {{{"OMPI_COMM_WORLD_RANK", "0"}}, "OMPI_COMM_WORLD_SIZE is not set, though OMPI_COMM_WORLD_RANK is"},
           {{{"RANK", "0"}}, "WORLD_SIZE is not set, though RANK is"},
           {{{"WORLD_SIZE", "2"}}, "RANK is not set, though WORLD_SIZE is"},
           {{{"RANK", "1"}, {"MASTER_PORT", "29500"}}, "WORLD_SIZE is not set, though RANK is"}})
    EXPECT_THAT(launcher_refusal(variables), HasSubstr(words));
}

TEST(EnvRendezvous, SecretComesFromAFileOrAVariable) {
  const TemporaryFolder folder;
  const std::string file = (folder / "secret").string();
  std::ofstream(file) << "open sesame\n";
  {
    const Environment environment({{"WEFT_SECRET", "other"}, {"WEFT_SECRET_FILE", file}});
    EXPECT_EQ(read_secret({}), "open sesame");
  }
  const Environment environment(Variables{{"WEFT_SECRET", "other"}});
  EXPECT_EQ(read_secret({}), "other");
  EXPECT_EQ(read_secret({.secret_file = file}), "open sesame");
  for (const std::string& bad : {file + "-not-there", (folder / "").string(), std::string("/dev/zero")})
    EXPECT_THROW(read_secret({.secret_file = bad}), UsageError) << bad;
  std::ofstream(file) << "\n";
  EXPECT_THROW(read_secret({.secret_file = file}), UsageError);
}

}  // namespace
}  // namespace weft::env
