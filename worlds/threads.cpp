// Ranks are threads of this process: for tests, and for transports that need one address space. A rank that dies takes
// the process with it, and one that blocks in a library is waited for: only check() ends a wait.
#include <algorithm>
#include <thread>

#include "worlds/shared_world.hpp"

namespace weft::worlds::threads {
namespace {

int launch(const LaunchOptions& options, const RankMain& main) {
  const int ranks = options.ranks != 0 ? options.ranks : usable_cpus();
  Board board(ranks);
  std::vector<int> codes(static_cast<std::size_t>(ranks));
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < ranks; ++rank)
      threads.emplace_back([&board, &main, &codes, rank] {
        codes[static_cast<std::size_t>(rank)] = SharedWorld("threads", board, rank).run(main);
        board.state(rank).ended.store(true, std::memory_order_release);
      });
  }
  return conclude(board, *std::max_element(codes.begin(), codes.end()));
}

}  // namespace

Launcher entry() { return {"threads", "ranks are threads of this process (for tests)", refuse_ranks, launch}; }

}  // namespace weft::worlds::threads
