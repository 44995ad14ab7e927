#include "cli/fabric.hpp"
#include "cli/flags.hpp"
#include "cli/options.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

constexpr const char* kHow = "How it is measured";
constexpr Nanoseconds kLongestArrival = 10'000'000'000;

Arrival parse_arrival(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  require_known("arrival pattern", parts.front(), {"together", "one-late", "random", "ramp"});
  const auto refuse = [&](const char* form) {
    throw UsageError(fmt::format("'{}' is not {}, such as {}", text, form,
                                 parts.front() == "one-late" ? "one-late:0:100us" : parts.front() + ":100us"));
  };
  if (parts.front() == "together") {
    if (parts.size() > 1) throw UsageError(fmt::format("'{}' has a value: together takes none", text));
    return {};
  }
  if (parts.front() == "one-late") {
    if (parts.size() != 3) refuse("one-late:RANK:DURATION");
    return {.pattern = ArrivalPattern::one_late,
            .rank = parse_integer<int>(parts[1], 0, 1 << 16),
            .duration = parse_duration(parts[2], kLongestArrival)};
  }
  if (parts.size() != 2) refuse("a pattern and a duration");
  return {.pattern = parts.front() == "random" ? ArrivalPattern::random : ArrivalPattern::ramp,
          .rank = 0,
          .duration = parse_duration(parts[1], kLongestArrival)};
}

bool parse_choice(const std::string& text, const char* kind, const char* yes, const char* no) {
  require_known(kind, text, {yes, no});
  return text == yes;
}

ComputeKind parse_compute_kind(const std::string& text) {
  require_known("kind of compute", text, {"virtual", "spin", "memory"});
  return text == "spin" ? ComputeKind::spin : text == "memory" ? ComputeKind::memory : ComputeKind::virtual_;
}

int parse_batch(const std::string& text) {
  if (text == "auto") return 0;
  try {
    return parse_integer<int>(text, 1, 1 << 20);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}, and not auto", error.what()));
  }
}

void add_when_to_stop(CLI::App& run, MeasureOptions& measure) {
  add(run, "-n,--iterations", "Timed iterations; not given: until --precision is reached, or --budget spent", kHow,
      [&](const std::string& t) { measure.iterations = parse_integer<int>(t, 1, 100'000'000); });
  add(run, "--precision", "Half-width of the median's 95 % interval at which a point has enough samples", kHow,
      [&](const std::string& t) { measure.precision = parse_share(t); })
      ->default_str("2%");
  add(run, "--budget", "Seconds per point after which it is given up", kHow, [&](const std::string& t) {
    measure.budget = parse_seconds(t, 1e-6, 86400);
  })->default_str("0.5");
  add(run, "--min-time", "Seconds that a point is measured at least, however narrow its interval is", kHow,
      [&](const std::string& t) { measure.min_time = parse_seconds(t, 0, 86400); })
      ->default_str("0.1");
  add(run, "--min-samples",
      "Samples that a point has at least, however narrow its interval is; below 30 no warm-up is found in them", kHow,
      [&](const std::string& t) {
        measure.min_samples = parse_integer<std::size_t>(t, kLeastIterations, kMostIterations);
      })
      ->default_str("30");
  add_integer(run, "-w,--warmup", "Iterations not counted, after the cold first call", kHow, measure.warmup, 0,
              1'000'000);
  add_integer(run, "-c,--check", "How often each point's payload is checked, outside the timing; 0: never", kHow,
              measure.checks, 0, 1'000'000);
}

void add_how_to_start(CLI::App& run, MeasureOptions& measure) {
  add(run, "--sync",
      "What starts an iteration: round-time (an agreed time of the ranks' clocks), barrier (weft's own dissemination), "
      "native (the transport's own, as OSU does), none (back to back, as nccl-tests), or auto: round-time where the "
      "clocks and the cores allow",
      kHow, [&](const std::string& t) { measure.sync = parse_start_sync(t); })
      ->default_str("auto");
  add(run, "--arrival",
      "Imbalance on purpose: one-late:RANK:DURATION, random:DURATION or ramp:DURATION after the common start", kHow,
      [&](const std::string& t) { measure.arrival = parse_arrival(t); })
      ->default_str("together");
}

}  // namespace

void add_measuring_flags(CLI::App& run, RunOptions& options) {
  MeasureOptions& measure = options.measure;
  add_when_to_stop(run, measure);
  add_how_to_start(run, measure);
  add(run, "--cache",
      "Buffers: rotate (footprint of twice the last-level cache), hot (one buffer), fresh (input rewritten, result "
      "read) or flush (caches emptied)",
      kHow, [&](const std::string& t) { measure.cache = parse_cache_mode(t); })
      ->default_str("rotate");
  add(run, "--batch", "Calls per sample; auto: as many as last 100 times as long as reading the clock", kHow,
      [&](const std::string& t) { measure.batch = parse_batch(t); })
      ->default_str("auto");
  add(run, "--compute",
      "What emulated compute does: virtual (waits, free to communicate), spin (keeps the core busy) or memory (streams "
      "through memory, as much as takes the time alone)",
      kHow, [&](const std::string& t) { measure.compute.kind = parse_compute_kind(t); })
      ->default_str("virtual");
  add(run, "--progress",
      "Who moves messages while a rank computes by spin or memory: inline (itself, every 20 us), or thread (the "
      "communicating lanes have a thread apart from the computing ones)",
      kHow,
      [&](const std::string& t) {
        measure.compute.progress =
            parse_choice(t, "choice", "thread", "inline") ? ProgressMode::thread : ProgressMode::inline_;
      })
      ->default_str("inline");
  add(run, "--timer", "Clock of the samples: monotonic, or tsc (the core's cycle counter, calibrated)", kHow,
      [&](const std::string& t) { measure.timer = parse_timer_kind(t); })
      ->default_str("monotonic");
  add(run, "--samples", "What is kept of each iteration: its completion, or the times of all ranks", kHow,
      [&](const std::string& t) { measure.all_ranks = parse_choice(t, "choice", "all", "completion"); })
      ->default_str("completion");
  add(run, "--order", "Order of the points: shuffled (anew in each launch), or as given", kHow,
      [&](const std::string& t) { options.shuffled = parse_choice(t, "order", "shuffled", "given"); })
      ->default_str("shuffled");
  add(run, "--noise-probe", "Seconds of fixed work, half before and half after the run, that show the system's noise",
      kHow, [&](const std::string& t) { options.noise_probe = parse_seconds(t, 0, 3600); })
      ->default_str("1");
  add_integer(run, "--launch",
              "Number of this launch in its campaign: another order of the points, another draw of the model's fabric",
              kHow, options.launch_number, 0, 1'000'000'000);
}

}  // namespace weft::cli
