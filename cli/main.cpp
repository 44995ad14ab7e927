#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "core/error.hpp"
#include "worlds/launcher_environment.hpp"

namespace {

constexpr const char* kIntroduction =
    "weft measures how a fabric carries the traffic of mixture-of-experts training.\n"
    "\n"
    "  weft run                                     all three patterns over shared memory, this machine\n"
    "  weft run all_reduce -t shm,mpi -b 8 -e 64M   one collective on two transports, side by side\n"
    "  mpirun -np 64 weft run moe --tokens 4096     on a cluster\n"
    "  weft show runs/2026-01-01                    the table of an earlier run\n"
    "\n"
    "Exit codes: 0 ok, 2 usage, 4 wrong data, 5 a point failed or a rank was lost.";

// Every rank that a launcher started reads the same bad flag: one of them says so.
void complain(const std::string& sentence) {
  if (weft::is_first_process()) fmt::print(stderr, "weft: {}\n", sentence);
}

}  // namespace

int main(int argc, char** argv) {
  using weft::ExitCode;
  CLI::App app{kIntroduction};
  app.set_version_flag("--version", "weft " WEFT_VERSION);
  app.require_subcommand(1);
  weft::cli::Chosen chosen;
  weft::cli::add_run(app, chosen, argc, argv);
  weft::cli::add_list(app, chosen);
  weft::cli::add_show(app, chosen);
  weft::cli::add_verify(app, chosen);
  try {
    app.parse(argc, argv);
    return chosen();
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    complain(fmt::format("{} (see weft {}--help)", error.what(),
                         app.get_subcommands().empty() ? "" : app.get_subcommands().front()->get_name() + " "));
    return static_cast<int>(ExitCode::usage);
  } catch (const weft::UsageError& error) {
    complain(error.what());
    return static_cast<int>(ExitCode::usage);
  } catch (const std::exception& error) {
    complain(error.what());
    return static_cast<int>(ExitCode::failed);
  }
}
