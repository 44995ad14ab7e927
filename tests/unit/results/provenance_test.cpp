#include "results/provenance.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(Provenance, KeepsWhatSteersTheLibraries) {
  const std::vector<std::string> environment = {
      "OMPI_MCA_btl=self,vader", "UCX_TLS=rc=x", "NCCL_ALGO=", "RCCL_MSCCL_ENABLE=0", "MALLOC_TOP_PAD_=1",
      "SLURM_JOB_ID=7",          "HOME=/root",   "PATH=/bin",  "SLURM_JOB_USER=me",   "NAMELESS"};
  EXPECT_EQ(steering_environment(environment), nlohmann::json::parse(R"({"OMPI_MCA_btl": "self,vader",
    "UCX_TLS": "rc=x", "NCCL_ALGO": "", "RCCL_MSCCL_ENABLE": "0", "MALLOC_TOP_PAD_": "1", "SLURM_JOB_ID": "7"})"));
}

TEST(Provenance, NeverKeepsASecret) {
  const std::vector<std::string> environment = {"NCCL_API_KEY=s3cret", "UCX_TOKEN=s3cret",     "OMPI_MCA_SECRET=s3cret",
                                                "FI_PASSWORD=s3cret",  "PMIX_MCA_AUTH=s3cret", "AWS_SECRET=s3cret"};
  EXPECT_EQ(steering_environment(environment), nlohmann::json::object());
  ASSERT_EQ(setenv("NCCL_SESSION_TOKEN", "s3cret", 1), 0);
  EXPECT_EQ(collect_provenance({}).dump().find("s3cret"), std::string::npos);
  unsetenv("NCCL_SESSION_TOKEN");
}

TEST(Provenance, SaysHowTheBuildCameAbout) {
  const nlohmann::json provenance =
      collect_provenance({.command_line = {"weft", "run", "moe"}, .libraries = {{"mpi", "4.1.4"}}, .seed = 7});
  EXPECT_EQ(provenance["command_line"], (std::vector<std::string>{"weft", "run", "moe"}));
  EXPECT_EQ(provenance["libraries"]["mpi"], "4.1.4");
  EXPECT_EQ(provenance["seed"], 7);
  EXPECT_FALSE(provenance["host"]["kernel"].get<std::string>().empty());
  EXPECT_FALSE(provenance["weft"]["version"].get<std::string>().empty());
  EXPECT_FALSE(provenance["build"]["compiler"].get<std::string>().empty());
}

TEST(Provenance, TimeIsIso8601) { EXPECT_THAT(utc_now(), testing::MatchesRegex("20..-..-..T..:..:..Z")); }

}  // namespace
}  // namespace weft
