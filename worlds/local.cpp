// Ranks are processes that this one forks and supervises: no launcher is needed.
#include "worlds/shared_world.hpp"
#include "worlds/supervisor.hpp"

namespace weft::worlds::local {
namespace {

int launch(const LaunchOptions& options, const RankMain& main) {
  Board board(options.ranks != 0 ? options.ranks : usable_cpus());
  return Supervisor(board, 0, options.timeout).run([&](int rank) {
    return SharedWorld("local", board, rank).run(main);
  });
}

}  // namespace

Launcher entry() { return {"local", "forks the ranks on this machine", refuse_ranks, launch}; }

}  // namespace weft::worlds::local
