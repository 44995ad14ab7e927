#include "cli/options.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "cli/fabric.hpp"
#include "cli/flags.hpp"
#include "cli/plugin_flag.hpp"
#include "cli/routing_options.hpp"
#include "cli/selection_file.hpp"
#include "cli/transport_flags.hpp"
#include "collectives/registry.hpp"
#include "core/text.hpp"
#include "patterns/dispatchers/registry.hpp"
#include "patterns/registry.hpp"
#include "patterns/schedules/registry.hpp"
#include "results/format.hpp"

namespace weft::cli {

namespace {

constexpr const char* kTraffic = "What is sent";
constexpr const char* kShape = "Model training traffic";
constexpr const char* kWhere = "Ranks and transports";
constexpr const char* kResults = "Results";

constexpr Bytes kMostAggressorBytes = Bytes{1} << 30;
constexpr Nanoseconds kLongestPass = 3600'000'000'000;

// The upper bound of a flag whose pattern has a bound of its own and checks it.
template <typename Integer>
constexpr Integer kAny = std::numeric_limits<Integer>::max();

std::string parse_schedule(const std::string& text) {
  std::vector<std::string> known = schedules::registry().names();
  known.emplace_back(kAllSchedules);
  require_known("schedule", text, known);
  return text;
}

std::vector<std::string> parse_dispatchers(const std::string& text) {
  std::vector<std::string> known = dispatchers::registry().names();
  if (text == kAllDispatchers) return known;
  std::vector<std::string> names = parse_list(text);
  known.emplace_back(kAllDispatchers);
  for (const std::string& name : names) require_known("dispatcher", name, known);
  return names;
}

void parse_pass(const std::string& text, Request& request) {
  require_known("pass", text, {"forward", "backward", "both"});
  request.forward_pass = text != "backward";
  request.backward_pass = text != "forward";
}

TokenFormat parse_format(const std::string& text, std::initializer_list<TokenFormat> choices) {
  std::vector<std::string> known;
  for (const TokenFormat choice : choices) known.emplace_back(name_of(choice));
  require_known("format", text, known);
  return *std::find_if(choices.begin(), choices.end(), [&](TokenFormat choice) { return name_of(choice) == text; });
}

void add_traffic(CLI::App& run, Request& request) {
  add(run, "-b,--min-bytes", "Smallest message, per rank (binary K, M, G)", kTraffic, [&](const std::string& t) {
    request.min_bytes = parse_bytes(t);
  })->default_str("4");
  add(run, "-e,--max-bytes", "Largest message, per rank", kTraffic, [&](const std::string& t) {
    request.max_bytes = parse_bytes(t);
  })->default_str("16M");
  add(run, "-f,--factor", "Each size is this many times the one before", kTraffic, [&](const std::string& t) {
    request.factor = parse_real(t, 1.01, 1e6);
  })->default_str("4");
  add(run, "-d,--dtype", "Element types: f32 f64 f16 bf16 i32 u8 fp8 (fp8 is only moved)", kTraffic,
      [&](const std::string& t) {
        request.dtypes.clear();
        for (const std::string& name : parse_list(t)) request.dtypes.push_back(parse_datatype(name));
      })
      ->default_str("f32");
  add(run, "-o,--op", "Reductions: sum prod min max", kTraffic, [&](const std::string& t) {
    request.ops.clear();
    for (const std::string& name : parse_list(t)) request.ops.push_back(parse_reduce_op(name));
  })->default_str("sum");
  add(run, "--algorithm",
      "Names, 'native' or 'all'; auto: that of --selection for the size, else native where the transport has one, else "
      "the recommended one",
      kTraffic,
      [&](const std::string& t) { request.algorithms = t == "auto" ? std::vector<std::string>() : parse_list(t); })
      ->default_str("auto");
  run.add_flag("--in-place", request.in_place, "The input lies in the output buffer, as with MPI_IN_PLACE")
      ->group(kTraffic);
}

void add_congest(CLI::App& run, Request& request) {
  add(run, "--victims", "congest: share of the ranks that are measured, 2 at least; the others are aggressors",
      kTraffic, [&](const std::string& t) { request.victim_share = parse_share(t); })
      ->default_str("20%");
  add(run, "--aggressor-bytes", "congest: a message of the aggressors'", kTraffic, [&](const std::string& t) {
    request.aggressor_bytes = parse_bytes(t, kMostAggressorBytes);
    if (request.aggressor_bytes == 0)
      throw UsageError(fmt::format("'{}' is not a size from 1 to {}", t, format_bytes(kMostAggressorBytes)));
  })->default_str("64K");
}

void add_schedule(CLI::App& run, Request& request) {
  add_text(run, "--goal", "Pattern goal: the GOAL schedule that is run", kTraffic, request.goal, "the name of a file");
  add(run, "--goal-eager",
      "Pattern goal: sends up to this size count as ended when they have started, as with LogGOPSim's -S; else a send "
      "ends when the transport has taken it",
      kTraffic, [&](const std::string& t) { request.goal_eager = parse_bytes(t); })
      ->default_str("0");
}

void add_shape(CLI::App& run, Request& request) {
  add_routing_flags(run, request, kShape);
  add(run, "--dispatcher",
      "moe: also move every token by itself, checked one by one: dispatchers of `weft list`, a list, or all", kShape,
      [&](const std::string& t) { request.dispatchers = parse_dispatchers(t); });
  add(run, "--pass",
      "moe: forward (dispatch and combine), backward (the same of their gradients, with the routing known), or both",
      kShape, [&](const std::string& t) { parse_pass(t, request); })
      ->default_str("forward");
  add(run, "--dispatch-format", "moe: how tokens go to the experts, fp8 (with scales) or bf16", kShape,
      [&](const std::string& t) {
        request.dispatch_format = parse_format(t, {TokenFormat::fp8, TokenFormat::bf16});
      })
      ->default_str(name_of(request.dispatch_format));
  add(run, "--combine-format", "moe: how results come back, bf16 or logfmt10 (its bytes)", kShape,
      [&](const std::string& t) {
        request.combine_format = parse_format(t, {TokenFormat::bf16, TokenFormat::logfmt10});
      })
      ->default_str(name_of(request.combine_format));
  add_integer(run, "--micro-batches", "Micro-batches of one pipeline iteration", kShape, request.micro_batches, 1,
              kAny<int>);
  add_integer(run, "--stages", "Ranks of one pipeline; 0: all", kShape, request.stages, 0, kAny<int>);
  add_integer(run, "--virtual-stages", "Parts into which schedule interleaved cuts a stage", kShape,
              request.virtual_stages, 1, kAny<int>);
  add(run, "--schedule", "A pipeline schedule (see `weft list`), or all that serve the ranks and micro-batches", kShape,
      [&](const std::string& t) { request.schedule = parse_schedule(t); })
      ->default_str(request.schedule);
  add(run, "--forward", "Pipeline: emulated compute of one forward pass on one stage (1ms, 500us)", kShape,
      [&](const std::string& t) { request.forward_ns = parse_duration(t, kLongestPass); })
      ->default_str("1ms");
  add(run, "--backward", "Pipeline: the same of one backward pass", kShape, [&](const std::string& t) {
    request.backward_ns = parse_duration(t, kLongestPass);
  })->default_str("2ms");
  add(run, "--weight-gradient", "Pipeline: the part of a backward pass that computes the weight gradient", kShape,
      [&](const std::string& t) { request.weight_ns = parse_duration(t, kLongestPass); })
      ->default_str("half of --backward");
}

void add_step(CLI::App& run, Request& request) {
  add_text(run, "--layout", "training_step: a layout of `weft list`, or the path of one; shrunk to the ranks there are",
           kShape, request.layout, "a layout's name or path")
      ->default_str(request.layout);
  add(run, "--shrink",
      "training_step: divides sequence, parameters and compute alike; not given: the layout's ranks over those there "
      "are",
      kShape, [&](const std::string& t) { request.shrink = parse_integer<int>(t, 1, 1 << 20); })
      ->type_name("K");
  add(run, "--peak", "training_step: dense BF16 TFLOP/s of a rank's device", kShape, [&](const std::string& t) {
    request.peak_tflops = parse_real(t, 1e-6, 1e6);
  })->default_str(fmt::format("that of --fabric's file, or {:.0f}, of an Ascend 910C die", kReferencePeak));
  add(run, "--efficiency", "training_step: share of the peak that compute reaches where it runs", kShape,
      [&](const std::string& t) { request.efficiency = parse_real(t, 1e-6, 1); })
      ->default_str(fmt::format("{}", request.efficiency));
}

void add_where(CLI::App& run, RunOptions& options) {
  add(run, "--selection", "File of `weft tune`: the algorithm for each size, where --algorithm names none", kTraffic,
      [&](const std::string& t) { options.selections = read_selections(t); });
  add(run, "-t,--transport",
      "Transports, measured side by side (see `weft list`); not given: mpi in the world mpi; tcp in env, unless the "
      "launcher says that all ranks are on one host; else shm",
      kWhere, [&](const std::string& t) {
        options.transports = parse_list(t);
        for (const std::string& name : options.transports) transports::registry().find(name);
      });
  add(run, "--ranks", "Ranks to start where no launcher did; not given: one per core, at most 8", kWhere,
      [&](const std::string& t) { options.launch.ranks = parse_integer<int>(t, 1, 1 << 16); });
  add(run, "--world",
      "How ranks come to be: local (forked here), mpi (by mpirun or srun) or env (by RANK, WORLD_SIZE, "
      "MASTER_ADDR and MASTER_PORT, as torchrun sets them, or Slurm's); not given: as this process was started",
      kWhere, [&](const std::string& t) {
        require_known("world", t, {"local", "mpi", "env"});
        options.world = t;
      });
  add_text(run, "--rendezvous",
           "World env: HOST:PORT where rank 0 listens; not given: WEFT_RENDEZVOUS or MASTER_ADDR and "
           "MASTER_PORT",
           kWhere, options.launch.rendezvous, "HOST:PORT of rank 0");
  add_text(run, "--secret-file",
           "World env: file of a secret that all its processes share; not given: WEFT_SECRET_FILE or "
           "WEFT_SECRET",
           kWhere, options.launch.secret_file, "the name of a file");
  run.add_flag("--oversubscribe", options.oversubscribe, "Allow more ranks than cores; the rows are marked")
      ->group(kWhere);
  add(run, "--memory",
      "Payload: auto (the transport's own), host, huge (huge pages), registered (page-locked) or device (CUDA or HIP); "
      "docs/transports.md says which transport takes which",
      kWhere, [&](const std::string& t) { options.transport.memory = parse_memory_kind(t); })
      ->default_str("auto");
  add(run, "--timeout", "Seconds that a silent rank is waited for", kWhere, [&](const std::string& t) {
    options.launch.timeout = static_cast<Nanoseconds>(parse_real(t, 0.1, 86400) * 1e9);
  })->default_str("30");
}

void add_results(CLI::App& run, RunOptions& options) {
  add_text(run, "--out", "Run folder to be made; not given: runs/<time>, or <time>-2 where it is taken", kResults,
           options.out, "the name of a folder");
  add_text(run, "--resume", "Run folder to go on with: only what is missing is measured", kResults, options.resume,
           "the name of a run folder");
  add_text(run, "--trace",
           "File to be made that shows every step of one execution of each point, by rank and lane, for Perfetto and "
           "scripts/plot.py",
           kResults, options.trace, "the name of a file");
  add(run, "--format", "table, nccl, osu, imb, json or csv", kResults, [&](const std::string& t) {
    find_format(t);
    options.format = t;
  })->default_str("table");
}

}  // namespace

std::string too_many_ranks(int ranks, int cores) {
  return fmt::format("{} ranks on {} cores: start fewer, or allow it with --oversubscribe", ranks, cores);
}

std::string too_many_ranks(const CoreShortage& shortage) {
  if (shortage.hosts.size() == 1) return too_many_ranks(shortage.ranks, shortage.cores);
  constexpr std::size_t kMostNamed = 4;
  return fmt::format("{} ranks on {} cores, which the hosts {} share: start fewer, or allow it with --oversubscribe",
                     shortage.ranks, shortage.cores, enumerate(shortage.hosts, kMostNamed));
}

void add_traffic_flags(CLI::App& command, Request& request) {
  add_traffic(command, request);
  add_shape(command, request);
  add_step(command, request);
  add_schedule(command, request);
  add_congest(command, request);
}

void add_run_flags(CLI::App& run, RunOptions& options) {
  add_plugin_flag(run, options.plugins);
  run.add_option("patterns", options.patterns, "Traffic patterns (see `weft list`)")
      ->type_name("PATTERN")
      ->capture_default_str();
  add_traffic_flags(run, options.request);
  add_where(run, options);
  add_transport_flags(run, options);
  add_measuring_flags(run, options);
  add_results(run, options);
  add_text(run, "--config",
           "Read flags that are not given from a file: a line NAME = VALUE each (of TOML: strings in one pair of "
           "quotes, numbers, true and false, arrays, comments)",
           kResults, options.config, "the name of a file")
      ->configurable(false);
}

}  // namespace weft::cli
