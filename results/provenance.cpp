#include "results/provenance.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/environment.hpp"
#include "core/system.hpp"
#include "results/build_info.hpp"

namespace weft {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kSteeringPrefixes = {"OMPI_MCA_"sv, "OMPI_COMM_WORLD_"sv,
                                          "PMIX_MCA_"sv, "PRTE_MCA_"sv,
                                          "UCX_"sv,      "NCCL_"sv,
                                          "RCCL_"sv,     "FI_"sv,
                                          "GLOO_"sv,     "OMP_"sv,
                                          "MALLOC_"sv,   "GLIBC_TUNABLES"sv};
// What mpirun tells its own processes: addresses and session folders, different in each run.
constexpr std::array kLauncherInternals = {"OMPI_MCA_orte_"sv, "OMPI_MCA_ess"sv, "OMPI_MCA_pmix"sv,
                                           "OMPI_MCA_hnp_uri"sv, "OMPI_MCA_initial_wdir"sv};
constexpr std::array kSlurmNames = {"SLURM_JOB_ID"sv,        "SLURM_NNODES"sv,       "SLURM_NTASKS"sv,
                                    "SLURM_CPUS_PER_TASK"sv, "SLURM_DISTRIBUTION"sv, "SLURM_CPU_BIND"sv,
                                    "SLURM_MPI_TYPE"sv};
constexpr std::array kSecretHints = {"KEY"sv,    "TOKEN"sv,      "SECRET"sv, "PASSWORD"sv,
                                     "PASSWD"sv, "CREDENTIAL"sv, "AUTH"sv};

bool steers(std::string_view name) {
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  const auto hints = [&](std::string_view hint) { return name.find(hint) != std::string_view::npos; };
  if (std::any_of(kLauncherInternals.begin(), kLauncherInternals.end(), begins)) return false;
  if (std::any_of(kSecretHints.begin(), kSecretHints.end(), hints)) return false;
  return std::any_of(kSteeringPrefixes.begin(), kSteeringPrefixes.end(), begins) ||
         std::find(kSlurmNames.begin(), kSlurmNames.end(), name) != kSlurmNames.end();
}

nlohmann::json host_facts() {
  return {{"name", host_name()},        {"kernel", kernel_release()},     {"cpu", cpu_model()},
          {"governor", cpu_governor()}, {"clock_source", clock_source()}, {"memory_bytes", memory_total()},
          {"cpu_quota", cpu_quota()}};
}

}  // namespace

nlohmann::json steering_environment(std::span<const std::string> entries) {
  nlohmann::json kept = nlohmann::json::object();
  for (const std::string& entry : entries) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = entry.substr(0, equals);
    if (steers(name)) kept[name] = entry.substr(equals + 1);
  }
  return kept;
}

nlohmann::json collect_provenance(const ProvenanceInput& input) {
  const std::vector<std::string> environment = process_environment();
  return {{"command_line", input.command_line},
          {"weft", {{"version", kVersion}, {"git", kGitDescription}}},
          {"build", {{"compiler", kCompiler}, {"type", kBuildType}, {"flags", kBuildFlags}}},
          {"libraries", input.libraries},
          {"plugins", input.plugins},
          {"host", host_facts()},
          {"environment", steering_environment(environment)},
          {"seed", input.seed}};
}

std::string utc_now() {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

}  // namespace weft
