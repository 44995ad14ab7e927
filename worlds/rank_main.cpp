#include "worlds/rank_main.hpp"

#include <exception>

#include <fmt/format.h>
#include <sched.h>

namespace weft {
namespace {

constexpr int kMostRanks = 4096;  // of one machine: beyond, a mistyped number is likelier than a wish

}  // namespace

int run_rank(World& world, const RankMain& main, const std::function<int(const Failure&)>& failed) {
  try {
    return main(world);
  } catch (const UsageError& error) {
    return failed({error.what(), ExitCode::usage, false});
  } catch (const TimedOut& error) {
    return failed({error.what(), ExitCode::failed, true});
  } catch (const std::exception& error) {
    return failed({error.what(), ExitCode::failed, false});
  }
}

int usable_cpus() {
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 1;
  return CPU_COUNT(&cpus);
}

std::string refuse_ranks(const LaunchOptions& options) {
  if (options.ranks >= 0 && options.ranks <= kMostRanks) return {};
  return fmt::format("cannot start {} ranks on one machine: give a number from 1 to {}", options.ranks, kMostRanks);
}

}  // namespace weft
