#include "cli/mpirun.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "cli/guarded_process.hpp"
#include "core/error.hpp"
#include "core/topology.hpp"

namespace weft::cli {

int run_under_mpirun(const RunOptions& options, int ranks) {
  const bool crowded = ranks > usable_cores();
  std::vector<std::string> words = {"mpirun", "--quiet", "-np", std::to_string(ranks)};
  if (crowded && !options.oversubscribe) throw UsageError(too_many_ranks(ranks, usable_cores()));
  const std::filesystem::path here = std::filesystem::current_path();
  if (find_program(words.front(), here).empty())
    throw UsageError(
        "the mpi transport needs mpirun, which is not on PATH: install openmpi-bin, or start weft by your cluster's "
        "launcher");
  if (crowded) words.insert(words.end(), {"--oversubscribe"});
  words.insert(words.end(), {"--bind-to", crowded ? "none" : "core"});
  fmt::print(stderr, "weft: starting {} weft …\n", fmt::join(words, " "));
  words.push_back(std::filesystem::read_symlink("/proc/self/exe").string());
  words.insert(words.end(), options.command_line.begin() + 1, options.command_line.end());
  if (geteuid() == 0) {  // Open MPI refuses root unless told twice; whoever runs weft as root has decided
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
  }
  const ProcessResult result =
      run_guarded({.words = words, .directory = here, .log = {}, .timeout = 0}, EndingSignals());
  // Of an interrupted run mpirun says 1, whatever the signal.
  return result.interrupted != 0 && result.exit_code != 0 ? 128 + result.interrupted : result.exit_code;
}

}  // namespace weft::cli
