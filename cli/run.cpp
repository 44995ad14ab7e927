#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/config_file.hpp"
#include "cli/models.hpp"
#include "cli/mpirun.hpp"
#include "cli/options.hpp"
#include "cli/pattern_flags.hpp"
#include "cli/reporter.hpp"
#include "cli/session.hpp"
#include "cli/trace_file.hpp"
#include "cli/transport_flags.hpp"
#include "core/topology.hpp"
#include "patterns/algorithms.hpp"
#include "worlds/launcher_environment.hpp"

namespace weft::cli {

namespace {

constexpr int kMostDefaultRanks = 8;

/// Transports that are measured in one launch, since they live in the same world.
struct Group {
  std::string world;
  int ranks = 0;
  std::vector<std::string> transports;
};

/// Who started this process as one of several; --world local takes it for one that nobody did.
std::optional<LauncherEnvironment> launcher_of(const RunOptions& options) {
  return options.world == "local" ? std::nullopt : launcher_environment();
}

bool is_first(const RunOptions& options) { return launcher_of(options).value_or(LauncherEnvironment{}).rank == 0; }

bool needs(const std::string& transport, const char* world) {
  return transports::registry().find(transport).needs_world == world;
}

bool wants_mpi(const RunOptions& options) {
  return std::any_of(options.transports.begin(), options.transports.end(),
                     [](const auto& name) { return needs(name, "mpi"); });
}

bool simulates_all(const RunOptions& options) {
  return std::all_of(options.transports.begin(), options.transports.end(),
                     [](const auto& name) { return needs(name, "fibers"); });
}

/// Where ranks of this process's launch live, the simulated ones apart. MPI's launchers start a world of MPI; torchrun,
/// Kubernetes and an srun without PMI one by the environment. An srun may know of PMI what it does not show, so whoever
/// asks for a transport of MPI's gets to hear what MPI says. Throws UsageError where this process was started as one of
/// several and its variables do not tell which: alone it would measure something else.
std::string choose_world(const RunOptions& options) {
  if (options.world == "local") return options.world;
  const bool alone = !options.transports.empty() && simulates_all(options);  // in any case, and measures no host
  const std::optional<LauncherEnvironment> launcher = alone ? launcher_environment() : read_launcher_environment();
  if (!options.world.empty()) return options.world;
  if (launcher && launcher->starts_mpi) return "mpi";
  if (launcher && !launcher->hides_mpi) return "env";
  if (wants_mpi(options)) return "mpi";
  return launcher ? "env" : "local";
}

/// One that serves any ranks of the world: shm, where they are on one host for all that is known. Processes of the
/// world env may be on several, unless the launcher says that as many are on this one as there are.
std::string default_transport(const std::string& world) {
  if (world != "env") return world == "mpi" ? "mpi" : "shm";
  const std::optional<LauncherEnvironment> launcher = launcher_environment();
  return launcher && launcher->local_ranks == launcher->ranks ? "shm" : "tcp";
}

void refuse_repeated(const char* what, const std::vector<std::string>& names) {
  for (auto name = names.begin(); name != names.end(); ++name)
    if (std::find(names.begin(), name, *name) != name)
      throw UsageError(fmt::format("{} '{}' is named twice", what, *name));
}

/// Of --world, where it was given.
void refuse_named_world(const RunOptions& options) {
  if (!options.world.empty() && options.world != "local" && simulates_all(options))
    throw UsageError(
        fmt::format("--world {}: {} simulates its ranks, all in one process; leave --world out, and give --ranks",
                    options.world, options.transports.front()));
}

void refuse_world(const RunOptions& options) {
  if (simulates_all(options)) return;
  const Launcher& launcher = worlds::registry().find(options.world);
  for (const std::string& name : options.transports)
    if (const std::string& world = transports::registry().find(name).needs_world;
        !world.empty() && world != "fibers" && world != options.world)
      throw UsageError(fmt::format("transport {} needs the world {}, and this one is {} ({})", name, world,
                                   options.world, launcher.summary));
  if (options.world != "env") return;
  if (const std::string refused = launcher.refuses(options.launch); !refused.empty()) throw UsageError(refused);
}

void refuse_flags_of_env(const RunOptions& options) {
  if (options.world == "env" && !simulates_all(options)) return;
  for (const auto& [flag, value] :
       {std::pair("--rendezvous", options.launch.rendezvous), std::pair("--secret-file", options.launch.secret_file)})
    if (!value.empty())
      throw UsageError(fmt::format(
          "{}: has no meaning {} (the world env takes it, of processes that are told their RANK and WORLD_SIZE)", flag,
          simulates_all(options) ? "where all ranks are simulated" : "in the world " + options.world));
}

// Everything that can be said about the request without a rank.
void validate(RunOptions& options) {
  Request& request = options.request;
  request.models_directory = models_directory();
  if (!request.peak_tflops) request.peak_tflops = options.fabric_peak_tflops;
  if (request.min_bytes > request.max_bytes)
    throw UsageError(fmt::format("--min-bytes {} is larger than --max-bytes {}", format_bytes(request.min_bytes),
                                 format_bytes(request.max_bytes)));
  refuse_repeated("pattern", options.patterns);
  refuse_repeated("transport", options.transports);
  std::vector<const Pattern*> chosen;
  for (const std::string& name : options.patterns) chosen.push_back(&patterns::registry().find(name));
  validate_algorithms(request, chosen);
  if (options.transports.empty()) options.transports = {default_transport(choose_world(options))};
  for (const std::string& name : options.transports) transports::registry().find(name);
  refuse_named_world(options);
  options.world = choose_world(options);
  refuse_flags_of_env(options);
  refuse_world(options);
  // Ranks of several hosts agree on it later: one that ended here would be waited for.
  if (const std::string flaw = flaw_of(options.transport.tcp); !launcher_of(options) && !flaw.empty())
    throw UsageError(flaw);
  if (!options.out.empty() && !options.resume.empty())
    throw UsageError("--out and --resume: give one of them, a resumed run stays in its folder");
  if (options.measure.sync == StartSync::none && options.measure.arrival.pattern != ArrivalPattern::together)
    throw UsageError("--arrival: ranks that start back to back (--sync none) have no common start to be late for");
  if (options.measure.batch > 1 &&
      (options.measure.cache == CacheMode::fresh || options.measure.cache == CacheMode::flush))
    throw UsageError(fmt::format("--batch {}: --cache {} prepares the buffers of each call, so a sample is one call",
                                 options.measure.batch, name_of(options.measure.cache)));
  if (options.measure.compute.progress == ProgressMode::thread && options.measure.compute.kind == ComputeKind::virtual_)
    throw UsageError("--progress thread: virtual compute leaves the rank free, give --compute spin or memory with it");
  if (options.measure.batch > 1 && options.measure.arrival.pattern != ArrivalPattern::together)
    throw UsageError(fmt::format("--batch {}: --arrival delays the ranks of each call, so a sample is one call",
                                 options.measure.batch));
  if (options.measure.min_time > options.measure.budget)
    throw UsageError(fmt::format("--min-time {:.4g} is more than --budget {:.4g}: raise the budget too",
                                 static_cast<double>(options.measure.min_time) / 1e9,
                                 static_cast<double>(options.measure.budget) / 1e9));
  options.transport.seed = request.seed;
  options.transport.launch = options.launch_number;
  options.measure.seed = request.seed;
  options.transport.carry_data = options.measure.checks > 0;
}

int default_ranks(const RunOptions& options) {
  if (options.launch.ranks > 0) return options.launch.ranks;
  return std::clamp(usable_cores(), 2, kMostDefaultRanks);
}

std::vector<Group> group_transports(const RunOptions& options) {
  const std::optional<LauncherEnvironment> launcher = launcher_of(options);
  const int ranks = launcher ? launcher->ranks : default_ranks(options);
  if (launcher && options.launch.ranks > 0 && options.launch.ranks != launcher->ranks)
    throw UsageError(fmt::format("--ranks {}: the launcher started {} ranks; leave --ranks out or make them agree",
                                 options.launch.ranks, launcher->ranks));
  Group real{.world = options.world, .ranks = ranks, .transports = {}};
  Group simulated{.world = "fibers", .ranks = ranks, .transports = {}};
  for (const std::string& name : options.transports)
    (needs(name, "fibers") ? simulated : real).transports.push_back(name);
  std::vector<Group> groups;
  if (!real.transports.empty()) groups.push_back(real);
  // Simulated ranks all live in one process: under a launcher the first one does the work.
  if (!simulated.transports.empty() && is_first(options)) groups.push_back(simulated);
  return groups;
}

void refuse_too_many_ranks(const RunOptions& options, const Group& group) {
  const std::optional<LauncherEnvironment> launcher = launcher_of(options);
  const int ranks = launcher ? launcher->local_ranks.value_or(1) : group.ranks;  // else the session will see
  const int cores = launcher ? host_cores() : usable_cores();  // a launcher may have bound this process to its share
  if (group.world != "fibers" && !options.oversubscribe && ranks > cores)
    throw UsageError(too_many_ranks(ranks, cores));
}

void refuse_absent_rank(const Arrival& arrival, int ranks) {
  if (arrival.pattern == ArrivalPattern::one_late && arrival.rank >= ranks)
    throw UsageError(
        fmt::format("--arrival {}: there is no rank {}, the last is {}", describe(arrival), arrival.rank, ranks - 1));
}

std::vector<Point> plan(const RunOptions& options, int ranks) {
  std::vector<Point> points;
  for (const std::string& name : options.patterns) {
    std::vector<Point> some = patterns::registry().find(name).plan(options.request, ranks);
    std::move(some.begin(), some.end(), std::back_inserter(points));
  }
  return points;
}

/// Each rank to a core of its own where this process may use as many, as mpirun does it. The ranks of `env` count among
/// those that may run on the same cores, and stay where their launcher has bound them; those of `mpi` stay where theirs
/// has put them, unbound too: it could have bound them, and MPI has its memory there already. Collective.
void bind_rank(World& world) {
  int index = world.rank();
  int ranks = world.ranks();
  if (world.name() == "env") {
    const Place here = current_place();
    const std::string mine = here.binding == "unbound" ? here.kernel + " " + here.cores : std::string();
    const std::vector<std::string> all = world.allgather(mine);
    if (mine.empty()) return;
    index = static_cast<int>(std::count(all.begin(), all.begin() + world.rank(), mine));
    ranks = static_cast<int>(std::count(all.begin(), all.end(), mine));
  } else if (world.name() != "local") {
    return;
  }
  if (ranks <= usable_cores()) bind_to_core(index);
}

int launch(const Job& job, const Group& group) {
  const Launcher& launcher = worlds::registry().find(group.world);
  LaunchOptions launch_options = job.options.launch;
  launch_options.ranks = group.ranks;
  const std::string refused = launcher.refuses(launch_options);
  if (!refused.empty()) throw UsageError(refused);
  return launcher.launch(launch_options, [&job](World& world) {
    bind_rank(world);
    return run_session(job, world);
  });
}

/// A script of sbatch and a shell of salloc are one process, whatever hosts the job has.
void warn_of_other_hosts(const RunOptions& options) {
  if (const int hosts = hosts_of_slurm_job(); hosts > 1 && options.world == "local" && !simulates_all(options))
    fmt::print(stderr,
               "weft: this host alone is measured, of {} that the Slurm job has: start weft by srun or mpirun, or give "
               "--world local\n",
               hosts);
}

/// The run folder, whose path it gives, and the trace: both, or neither where one of them is refused.
std::string open_outputs(const RunOptions& options) {
  if (options.trace.empty()) return open_run_folder(options);
  check_trace_file(options.trace, options.out, options.resume);
  std::string folder = open_run_folder(options);
  try {
    create_trace_file(options.trace);
  } catch (const UsageError&) {
    if (options.resume.empty()) RunWriter::discard(folder);
    throw;
  }
  return folder;
}

int run(const CLI::App& command, RunOptions options) {
  const bool named_world = !options.world.empty();
  validate(options);
  refuse_flags_of_other_transports(command, options);
  if (options.world == "mpi" && !launcher_environment()) return run_under_mpirun(options, default_ranks(options));
  if (!named_world) warn_of_other_hosts(options);
  const std::vector<Group> groups = group_transports(options);
  options.ranks = groups.empty() ? 0 : groups.front().ranks;
  std::vector<Job> jobs;
  for (const Group& group : groups) {
    refuse_too_many_ranks(options, group);
    refuse_absent_rank(options.measure.arrival, group.ranks);
    jobs.push_back({.options = options,
                    .transports = group.transports,
                    .plan = plan(options, group.ranks),
                    .folder = {},
                    .first = jobs.empty()});
  }
  const bool first = is_first(options);
  const std::string folder = first ? open_outputs(options) : std::string();
  int exit_code = 0;
  for (std::size_t i = 0; i < jobs.size() && exit_code != static_cast<int>(ExitCode::usage); ++i) {
    jobs[i].folder = folder;
    exit_code = std::max(exit_code, launch(jobs[i], groups[i]));
  }
  return first ? close_run_folder(options, folder, exit_code) : exit_code;
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen, int argc, char** argv) {
  CLI::App* const command =
      app.add_subcommand("run", "Measure traffic patterns on transports, write a run folder, print a table");
  auto options = std::make_shared<RunOptions>();
  options->command_line.assign(argv, argv + argc);
  add_run_flags(*command, *options);
  command->callback([command, options, &chosen] {
    if (!options->config.empty()) apply_config_file(*command, options->config);
    refuse_flags_without_meaning(*command, options->patterns);
    chosen = [command, options] { return run(*command, *options); };
  });
}

}  // namespace weft::cli
