#include "measure/measure.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "measure/agree.hpp"
#include "measure/batching.hpp"
#include "measure/series.hpp"
#include "results/summary.hpp"

namespace weft {

namespace {

std::vector<Program> lowered(const std::vector<Program>& programs, const Communicator& communicator) {
  std::vector<Program> result;
  result.reserve(programs.size());
  for (const Program& program : programs) result.push_back(lower(program, communicator));
  return result;
}

Nanoseconds emulated_compute(const Program& program) {
  Nanoseconds sum = 0;
  for (const Lane& lane : program.lanes)
    for (const Step& step : lane.steps())
      if (step.action == Action::compute) sum += static_cast<Nanoseconds>(step.bytes);
  return sum;
}

// The slots must be the same everywhere although sizes may differ: the smallest wish of any rank wins.
std::size_t agree_slots(World& world, const SpaceSizes& sizes, const MeasureOptions& options) {
  const auto wish = static_cast<double>(Arena::slots_for(options.cache, sizes, options.last_level_cache));
  return static_cast<std::size_t>(-largest_over_ranks(world, -wish));
}

// Emulated compute is no silence: every rank may have to wait for that of all others, one after the other.
Nanoseconds longest_compute(World& world, const std::vector<Program>& programs) {
  Nanoseconds most = 0;
  for (const Program& program : programs) most = std::max(most, emulated_compute(program));
  return static_cast<Nanoseconds>(largest_over_ranks(world, static_cast<double>(most))) * world.ranks();
}

int most_channels(World& world, const std::vector<Program>& programs) {
  int most = 0;
  for (const Program& program : programs)
    for (std::size_t lane = 0; lane < program.lanes.size(); ++lane)
      most = std::max(most, program.channel_of(static_cast<int>(lane)) + 1);
  return static_cast<int>(largest_over_ranks(world, most));
}

/// What the ranks still do together before they allocate, which may fail on one alone: opens the channels, and gives
/// the arena's slots.
std::size_t agree(Communicator& communicator, World& world, const std::vector<Program>& programs,
                  const MeasureOptions& options) {
  communicator.open_channels(most_channels(world, programs));
  return agree_slots(world, largest_sizes(programs), options);
}

/// As long as it lives no payload is moved in virtual time, where moving it takes none.
class SparedData {
 public:
  explicit SparedData(Communicator& communicator) : communicator_(communicator) { communicator_.carry_data(false); }
  SparedData(const SparedData&) = delete;
  SparedData& operator=(const SparedData&) = delete;
  ~SparedData() { communicator_.carry_data(true); }

 private:
  Communicator& communicator_;
};

}  // namespace

Nanoseconds time_to_touch(Bytes bytes) {
  constexpr Bytes kFree = Bytes{1} << 30;
  constexpr Bytes kPerSecond = Bytes{64} << 20;
  return bytes <= kFree ? 0 : static_cast<Nanoseconds>((bytes - kFree) / kPerSecond) * 1'000'000'000;
}

PreparedPoint::PreparedPoint(const Workload& workload, Communicator& communicator, World& world,
                             const MeasureOptions& options)
    : workload_(workload),
      communicator_(communicator),
      world_(world),
      options_(options),
      programs_(lowered(workload.programs(), communicator)),
      patience_(options.timeout + longest_compute(world, programs_)),
      arena_(communicator, largest_sizes(programs_), agree(communicator, world, programs_, options)),
      staging_(communicator, largest_sizes(programs_).in, largest_sizes(programs_).out) {
  bytes_ = Arena::footprint(largest_sizes(programs_), arena_.slots());
  if (options.cache == CacheMode::flush) flush_ = CacheFlush(options.last_level_cache);
  ComputeOptions compute = options.compute;
  compute.cache = options.last_level_cache;
  for (const Program& program : programs_) executors_.emplace_back(program, communicator, world, compute);
}

Bytes PreparedPoint::memory_needed(const Workload& workload, const Communicator& communicator,
                                   const MeasureOptions& options) {
  const std::vector<Program> programs = lowered(workload.programs(), communicator);
  const SpaceSizes sizes = largest_sizes(programs);
  const Bytes flushed = options.cache == CacheMode::flush ? CacheFlush::footprint(options.last_level_cache) : 0;
  return flushed + Arena::footprint(sizes, Arena::slots_for(options.cache, sizes, options.last_level_cache));
}

Samples PreparedPoint::measure(Instruments& instruments) {
  Start start(instruments, communicator_,
              ArrivalDelays(arrival(), communicator_.rank(), communicator_.ranks(), options_.seed));
  Samples samples = take_samples(instruments, start);
  check(start, samples);
  return samples;
}

Samples PreparedPoint::take_samples(Instruments& instruments, Start& start) {
  const SparedData spared(communicator_);
  if (communicator_.carries_data()) fill_all_slots();
  world_.set_deadline(options_.timeout, "comparing the ranks' clocks");
  instruments.clock.anchor();
  const LocalSample first = run_sample(start, instruments.timer);
  Samples cold;
  merge_samples(world_, instruments.clock, {first}, 0, {}, cold);
  // As if the operation were long enough for the clock: whether it is, the warm-up will show.
  start.use(choose_start(options_.sync, {.oversubscribed = options_.oversubscribed}), warm_window(instruments), 0);
  Warm warm = warm_up(instruments, start, first);
  use_what_warmed(warm, start);

  Samples samples = take_series(instruments, start, per_sample(warm));
  // Round-time was weft's choice, and this machine is too busy for it.
  const bool busy = options_.sync == StartSync::automatic &&
                    (start.crowded() || too_many_late(late_samples(samples), samples.valid.size()));
  if (largest_over_ranks(world_, busy ? 1 : 0) > 0) {
    // The calls that warmed up had waited for late ranks.
    batch_.resize(1);
    start.use(StartSync::barrier, 0, 0);
    warm = warm_up(instruments, start, first);
    choose_batch(warm);
    samples = take_series(instruments, start, per_sample(warm));
  }
  samples.warmup += warmup_calls_;
  samples.sync = name_of(start.sync());
  if (world_.rank() == 0) samples.first_ns = cold.completion.front();
  return samples;
}

bool PreparedPoint::is_timed() const { return options_.timed.counts(static_cast<std::size_t>(communicator_.rank())); }

/// With a load those that are timed are late on purpose.
Arrival PreparedPoint::arrival() const {
  if (!options_.timed.loaded() || !is_timed()) return options_.arrival;
  return {.pattern = ArrivalPattern::one_late, .rank = communicator_.rank(), .duration = options_.timed.lead};
}

Nanoseconds PreparedPoint::warm_window(Instruments& instruments) const {
  constexpr double kExchanges = 3;
  if (choose_start(options_.sync, {.oversubscribed = options_.oversubscribed}) != StartSync::round_time) return 1;
  return 1 + static_cast<Nanoseconds>(kExchanges * instruments.round_time.mean_duration());
}

double PreparedPoint::per_sample(const Warm& warm) const { return std::max(warm.sample, batch() * warm.call); }

PreparedPoint::Warm PreparedPoint::warm_up(Instruments& instruments, Start& start, const LocalSample& cold) {
  start.meet();
  const Nanoseconds began = communicator_.now();
  Nanoseconds call = options_.warmup > 0 ? std::numeric_limits<Nanoseconds>::max() : cold.duration();
  for (int i = 0; i < options_.warmup; ++i) call = std::min(call, run_sample(start, instruments.timer).duration());
  const double each = static_cast<double>(communicator_.now() - began) / std::max(1, options_.warmup);
  warmup_calls_ = static_cast<int>(calls_);
  const std::vector<double> agreed = largest_over_ranks(
      world_, std::vector<double>{is_timed() ? static_cast<double>(call) : 0, each, instruments.timer.overhead_ns(),
                                  instruments.clock.bounds().bound_ns});
  return {.call = agreed[0], .sample = agreed[1], .overhead = agreed[2], .clock_bound = agreed[3]};
}

// How the samples start and how many calls make one, the same on every rank.
void PreparedPoint::use_what_warmed(const Warm& warm, Start& start) {
  // A window of a twentieth of the operation costs little and forgives a rank more.
  constexpr double kWindowShare = 0.05;
  constexpr double kMostWindow = 1e6;
  const StartSync sync = choose_start(
      options_.sync,
      {.oversubscribed = options_.oversubscribed, .clock_bound_ns = warm.clock_bound, .operation_ns = warm.call});
  const auto window = static_cast<Nanoseconds>(std::min(kWindowShare * warm.call, kMostWindow));
  choose_batch(warm);
  start.use(sync, std::max(window, start.window()), batch() * warm.call);
}

void PreparedPoint::choose_batch(const Warm& warm) {
  // An imposed imbalance is one of a call, not of several.
  const bool alone = options_.cache == CacheMode::fresh || options_.cache == CacheMode::flush ||
                     options_.arrival.pattern != ArrivalPattern::together;
  const int calls = options_.batch > 0 ? options_.batch : calls_per_sample(warm.call, warm.overhead);
  if (workload_.keeps_pace() && !alone) batch_.resize(static_cast<std::size_t>(calls));
  // A batch that the user has fixed may last long: the time-out is for an iteration.
  constexpr double kSlower = 4;
  patience_ += static_cast<Nanoseconds>(kSlower * batch() * warm.call);
}

Samples PreparedPoint::take_series(Instruments& instruments, Start& start, double sample_ns) {
  const StopRule rule =
      stop_rule(options_, communicator_.ranks(), communicator_.virtual_time(), static_cast<int>(programs_.size()));
  Series series(
      instruments, communicator_, world_, rule, batch(),
      {.keep_ranks = options_.all_ranks || options_.by_program, .common_start = start.sync() != StartSync::none},
      options_.timed);
  const bool may_fall_back = options_.sync == StartSync::automatic;
  std::size_t next = first_chunk(rule, static_cast<Nanoseconds>(sample_ns));
  if (!instruments.clock.bounds().shared) next = std::min(next, samples_between_anchors(sample_ns));
  while (next > 0 && !(may_fall_back && start.crowded())) {
    series.begin(next);
    start.meet();  // or samples back to back would begin with what the control plane left of skew
    const Nanoseconds window = start.window();
    // A wider window ends the chunk, on all ranks alike: so many samples were not meant to take so long.
    for (; next > 0 && start.window() == window; --next) series.add(run_sample(start, instruments.timer));
    world_.set_deadline(options_.timeout, "merging the ranks' times");
    next = series.end(start.window());
  }
  return series.conclude();
}

LocalSample PreparedPoint::run_sample(Start& start, const Timer& timer) {
  prepare_caches(calls_, start);
  // Looked up before the clock is read.
  for (std::size_t i = 0; i < batch_.size(); ++i)
    batch_[i] = {&executors_[program_of(calls_ + i)], arena_.slot(calls_ + i)};
  Executor& executor = *batch_.front().executor;
  executor.prepare(batch_.front().buffers);
  world_.set_deadline(patience_, "measuring");
  LocalSample sample;
  sample.program = static_cast<std::int32_t>(program_of(calls_));
  sample.late = !start.wait();
  sample.start = timer.now();
  executor.run();
  for (std::size_t i = 1; i < batch_.size(); ++i) batch_[i].executor->run(batch_[i].buffers);
  sample.end = timer.now();
  calls_ += batch_.size();
  return sample;
}

void PreparedPoint::prepare_caches(std::size_t call, Start& start) {
  if (options_.cache != CacheMode::flush && options_.cache != CacheMode::fresh) return;
  world_.set_deadline(patience_ + time_to_touch(bytes_), "preparing buffers and caches");
  start.meet();  // or this would take cores and memory from ranks that are still being timed
  if (!communicator_.carries_data()) return;
  if (options_.cache == CacheMode::flush) {
    flush_.run();
    return;
  }
  const Buffers buffers = arena_.slot(call);
  read_through(buffers.out, programs_[program_of(call)].out_bytes);
  fill(program_of(call), buffers, call);
}

void PreparedPoint::run_once_traced(Instruments& instruments, TraceDepth depth,
                                    const std::function<void(const StepTime&)>& sink) {
  world_.set_deadline(patience_ + time_to_touch(bytes_), "tracing");
  if (communicator_.carries_data()) fill(0, arena_.slot(0), 0);
  instruments.clock.anchor();
  instruments.barrier.wait();
  executors_.front().run_traced(
      arena_.slot(0), depth, [&] { return instruments.timer.now(); }, sink);
  instruments.clock.anchor();
}

std::vector<RankAccount> PreparedPoint::account(Instruments& instruments) {
  Accountant accountant(programs_.front());
  run_once_traced(instruments, TraceDepth::calls, [&](const StepTime& time) { accountant.add(time); });
  world_.set_deadline(options_.timeout, "merging the account");
  return merge_accounts(world_, instruments.clock, accountant.take());
}

Trace PreparedPoint::trace(Instruments& instruments) {
  const std::uint64_t steps = programs_.front().executed_steps();
  double all = 0;
  for (const std::string& blob : world_.allgather(std::to_string(steps))) all += std::stod(blob);
  if (all > static_cast<double>(kMostTracedSteps))
    return {.ranks = {},
            .left_out = fmt::format("{:.0f} steps are more than the {} that are traced", all, kMostTracedSteps)};
  std::vector<StepTime> log;
  log.reserve(steps);
  run_once_traced(instruments, TraceDepth::steps, [&](const StepTime& time) { log.push_back(time); });
  world_.set_deadline(options_.timeout, "merging the trace");
  return merge_trace(world_, instruments.clock, programs_.front(), log);
}

void PreparedPoint::check(Start& start, Samples& samples) {
  samples.checked = options_.checks > 0 && communicator_.carries_data();
  if (!samples.checked) {
    samples.unchecked_reason = options_.checks > 0 ? "the transport moves no data at this size" : "-c 0";
    return;
  }
  std::uint64_t wrong = 0;
  for (int round = 0; round < options_.checks; ++round) {
    for (std::size_t program = 0; program < programs_.size(); ++program) {
      const std::uint64_t salt = 1000 + static_cast<std::uint64_t>(round) * programs_.size() + program;
      const Buffers buffers = arena_.slot(program);
      world_.set_deadline(patience_ + time_to_touch(bytes_), "checking the payload");
      fill(program, buffers, salt);
      start.meet();
      executors_[program].run(buffers);
      staging_.show(buffers, [&](const Buffers& host) { wrong += workload_.count_wrong(program, host, salt); });
    }
  }
  for (const std::string& blob : world_.allgather(std::to_string(wrong))) samples.wrong += std::stoull(blob);
}

// Every buffer gets a valid payload once, so that the timed traffic never moves untouched or zero pages.
void PreparedPoint::fill_all_slots() {
  for (std::size_t slot = 0; slot < arena_.slots(); ++slot) {
    if (slot % 64 == 0) world_.set_deadline(options_.timeout + time_to_touch(bytes_), "filling the buffers");
    fill(program_of(slot), arena_.slot(slot), slot);
  }
}

void PreparedPoint::fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) {
  staging_.write(buffers, [&](const Buffers& host) { workload_.fill(program, host, salt); });
}

}  // namespace weft
