#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <span>
#include <thread>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/command_line_error.hpp"
#include "cli/standard_streams.hpp"
#include "core/error.hpp"
#include "transports/registry.hpp"
#include "worlds/launcher_environment.hpp"

namespace {

constexpr const char* kIntroduction =
    "weft measures how a fabric carries the traffic of mixture-of-experts training.\n"
    "\n"
    "  weft run                                     all three patterns over shared memory, this machine\n"
    "  weft run all_reduce -t shm,mpi -b 8 -e 64M   one collective on two transports, side by side\n"
    "  mpirun -np 64 weft run moe --tokens 4096     on a cluster\n"
    "  torchrun … --no-python weft run moe          on a cluster without MPI (RANK, WORLD_SIZE, MASTER_ADDR)\n"
    "  weft show runs/2026-01-01                    the table of an earlier run\n"
    "  weft compare runs/before runs/after          whether it became slower\n"
    "\n"
    "Exit codes: 0 ok, 2 usage, 4 wrong data, 5 a point failed or a rank was lost, 128 + signal interrupted.";

// How long a failing process of a launcher stays: Open MPI's mpirun hangs when one fails while it is starting others,
// of which each takes its time.
constexpr std::chrono::milliseconds kUntilAllAreStarted{1000};
constexpr std::chrono::milliseconds kToStartOne{50};
constexpr std::chrono::milliseconds kAtMost{10'000};
// How much longer the others wait: mpirun needs a second or two to end them after the first.
constexpr std::chrono::milliseconds kUntilTheFirstIsDone{5000};

// Every process that a launcher started reads the same bad flag. The first says so and ends, upon which the launcher
// ends the others; one that outlives it has a complaint of its own, since its command line is another one.
int complain(const std::string& sentence, weft::ExitCode code) {
  const auto launcher = weft::launcher_environment();
  const bool by_mpi = launcher && launcher->starts_mpi;
  const int started = by_mpi ? launcher->local_ranks.value_or(launcher->ranks) : 0;
  const auto until_all_are_started = std::min(kUntilAllAreStarted + started * kToStartOne, kAtMost);
  if (!weft::is_first_process()) std::this_thread::sleep_for(until_all_are_started + kUntilTheFirstIsDone);
  fmt::print(stderr, "weft: {}\n", sentence);
  if (by_mpi) std::this_thread::sleep_for(until_all_are_started);
  return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
  using weft::ExitCode;
  weft::cli::open_closed_streams();
  weft::transports::registry();  // its entries give back the signals that their libraries took when they were loaded
  CLI::App app{kIntroduction};
  app.set_version_flag("--version", "weft " WEFT_VERSION);
  app.require_subcommand(1);
  const int own = weft::cli::own_words(argc, argv);
  weft::cli::Chosen chosen;
  weft::cli::add_run(app, chosen, argc, argv);
  weft::cli::add_list(app, chosen);
  weft::cli::add_show(app, chosen);
  weft::cli::add_verify(app, chosen);
  weft::cli::add_route(app, chosen);
  weft::cli::add_history(app, chosen);
  weft::cli::add_repeat(app, chosen, argc, argv);
  weft::cli::add_compare(app, chosen);
  weft::cli::add_import(app, chosen);
  weft::cli::add_export(app, chosen);
  weft::cli::add_check(app, chosen);
  weft::cli::add_fit(app, chosen);
  weft::cli::add_layout(app, chosen);
  weft::cli::add_tune(app, chosen);
  try {
    app.parse(own, argv);
    // What takes no ranks is done once, whatever number of processes a launcher started.
    const bool of_every_process = app.got_subcommand("run") || app.got_subcommand("repeat");
    const int code = of_every_process || weft::is_first_process() ? chosen() : static_cast<int>(ExitCode::ok);
    weft::cli::flush_standard_output();
    return code;
  } catch (const CLI::Success& help) {
    return weft::is_first_process() ? app.exit(help) : static_cast<int>(ExitCode::ok);
  } catch (const CLI::ParseError& error) {
    return complain(weft::cli::explain(app, error, std::span(argv, static_cast<std::size_t>(own)).subspan(1)),
                    ExitCode::usage);
  } catch (const weft::UsageError& error) {
    return complain(error.what(), ExitCode::usage);
  } catch (const std::exception& error) {
    return complain(error.what(), ExitCode::failed);
  }
}
