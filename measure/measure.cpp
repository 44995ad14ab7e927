#include "measure/measure.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>

namespace weft {

namespace {

std::vector<Program> lowered(const std::vector<Program>& programs, const Communicator& communicator) {
  std::vector<Program> result;
  result.reserve(programs.size());
  for (const Program& program : programs) result.push_back(lower(program, communicator));
  return result;
}

// Reads a buffer as a consumer would, without changing it.
void read_through(const std::byte* data, Bytes bytes) {
  std::uint64_t sum = 0;
  for (Bytes i = 0; i + sizeof(sum) <= bytes; i += sizeof(sum)) {
    std::uint64_t word = 0;
    std::memcpy(&word, data + i, sizeof(word));
    sum += word;
  }
  asm volatile("" : : "r"(sum) : "memory");
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
  std::size_t least = Arena::slots_for(options.cache, sizes, options.last_level_cache);
  for (const std::string& blob : world.allgather(std::to_string(least)))
    least = std::min<std::size_t>(least, std::stoull(blob));
  return least;
}

// Emulated compute is no silence: every rank may have to wait for that of all others, one after the other.
Nanoseconds longest_compute(World& world, const std::vector<Program>& programs) {
  Nanoseconds most = 0;
  for (const Program& program : programs) most = std::max(most, emulated_compute(program));
  for (const std::string& blob : world.allgather(std::to_string(most)))
    most = std::max<Nanoseconds>(most, std::stoll(blob));
  return most * world.ranks();
}

// Touched already, so that no page fault delays a rank between two iterations.
LocalTimes room_for(int iterations) {
  LocalTimes times;
  for (std::vector<Nanoseconds>* column : {&times.start, &times.end}) {
    column->resize(static_cast<std::size_t>(iterations));
    column->clear();
  }
  return times;
}

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
      arena_(communicator, largest_sizes(programs_), agree_slots(world, largest_sizes(programs_), options)) {
  bytes_ = Arena::footprint(largest_sizes(programs_), arena_.slots());
  executors_.reserve(programs_.size());
  for (const Program& program : programs_) executors_.emplace_back(program, communicator, world);
}

Bytes PreparedPoint::memory_needed(const Workload& workload, const Communicator& communicator,
                                   const MeasureOptions& options) {
  const std::vector<Program> programs = lowered(workload.programs(), communicator);
  const SpaceSizes sizes = largest_sizes(programs);
  return Arena::footprint(sizes, Arena::slots_for(options.cache, sizes, options.last_level_cache));
}

Samples PreparedPoint::measure(StartBarrier& barrier) {
  Samples samples;
  if (communicator_.carries_data()) fill_all_slots();
  LocalTimes first;
  run_once(barrier, 0, &first);
  merge_times(world_, first, options_.one_clock, samples);
  if (world_.rank() == 0) samples.first_ns = samples.completion.front();
  samples.completion.clear();
  samples.slowest.clear();

  std::vector<Nanoseconds> warm;
  for (int i = 1; i <= options_.warmup; ++i) warm.push_back(run_once(barrier, static_cast<std::size_t>(i), nullptr));
  samples.warmup = options_.warmup + 1;
  const Nanoseconds one =
      warm.empty() ? first.end.front() - first.start.front() : *std::min_element(warm.begin(), warm.end());
  const int iterations = agree_iterations(one);

  LocalTimes times = room_for(iterations);
  for (int i = 0; i < iterations; ++i)
    run_once(barrier, static_cast<std::size_t>(i) + static_cast<std::size_t>(samples.warmup), &times);
  merge_times(world_, times, options_.one_clock, samples);
  check(barrier, samples);
  return samples;
}

Nanoseconds PreparedPoint::run_once(StartBarrier& barrier, std::size_t iteration, LocalTimes* times) {
  const std::size_t program = program_of(iteration);
  Executor& executor = executors_[program];
  const Buffers buffers = arena_.slot(iteration);
  if (options_.cache == CacheMode::fresh && communicator_.carries_data()) {
    world_.set_deadline(patience_ + time_to_touch(bytes_), "preparing fresh buffers");
    barrier.wait();  // or this would take cores and memory from ranks that are still being timed
    read_through(buffers.out, programs_[program].out_bytes);
    workload_.fill(program, buffers, iteration);
  }
  executor.prepare(buffers);
  world_.set_deadline(patience_, "measuring");
  barrier.wait();
  const Nanoseconds start = communicator_.now();
  executor.run();
  const Nanoseconds end = communicator_.now();
  if (times != nullptr) {
    times->start.push_back(start);
    times->end.push_back(end);
  }
  return end - start;
}

int PreparedPoint::agree_iterations(Nanoseconds one) {
  if (options_.iterations > 0) return options_.iterations;
  Nanoseconds slowest = std::max<Nanoseconds>(one, 1);
  for (const std::string& blob : world_.allgather(std::to_string(one)))
    slowest = std::max<Nanoseconds>(slowest, std::stoll(blob));
  return static_cast<int>(std::clamp<Nanoseconds>(options_.budget / slowest, kLeastIterations, kMostIterations));
}

void PreparedPoint::check(StartBarrier& barrier, Samples& samples) {
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
      workload_.fill(program, buffers, salt);
      barrier.wait();
      executors_[program].run(buffers);
      wrong += workload_.count_wrong(program, buffers, salt);
    }
  }
  for (const std::string& blob : world_.allgather(std::to_string(wrong))) samples.wrong += std::stoull(blob);
}

// Every buffer gets a valid payload once, so that the timed traffic never moves untouched or zero pages.
void PreparedPoint::fill_all_slots() {
  for (std::size_t slot = 0; slot < arena_.slots(); ++slot) {
    if (slot % 64 == 0) world_.set_deadline(options_.timeout + time_to_touch(bytes_), "filling the buffers");
    workload_.fill(program_of(slot), arena_.slot(slot), slot);
  }
}

}  // namespace weft
