#pragma once

#include <memory>
#include <optional>

#include <mpi.h>

#include "worlds/board.hpp"
#include "worlds/rank_main.hpp"
#include "worlds/world.hpp"

namespace weft {

/// One MPI process as a rank. The control plane has a communicator of its own.
class MpiWorld final : public World {
 public:
  /// Between MPI_Init and MPI_Finalize. Collective. `board` has one rank, this one, and is its supervisor's view of it.
  explicit MpiWorld(Board& board);
  ~MpiWorld() override;

  std::string_view name() const override { return "mpi"; }
  int rank() const override { return rank_; }
  int ranks() const override { return ranks_; }
  std::vector<std::string> allgather(std::string_view mine) override;
  void abort(std::string_view reason) noexcept override;
  void check() override;
  void set_deadline(Nanoseconds from_now, const char* doing) override;

  /// Runs `main` as this rank to its exit code. Where the world failed, the culprit (of several, the lowest rank) says
  /// so on stderr, and the others stay until it has: a launcher ends the job with the first process that fails.
  int run(const RankMain& main);

  /// Whether no rank is known to have failed, so that MPI_Finalize can return.
  bool sound() const { return !notice_; }

 private:
  struct Exchange;
  struct Notice {
    int rank = -1;
    int code = 0;
    std::string reason;
  };

  void exchange(int to, int from);  ///< what `exchange_` has to send against what it shall receive
  template <typename Test>
  void wait(Test test);  ///< until test(&done), an MPI call that returns at once, says done; throws as check() does
  void give_up(const Failure& failure) noexcept;
  void collect_notices();
  void spread(const Notice& notice);

  Board& board_;
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  int ranks_ = 1;
  std::unique_ptr<Exchange> exchange_;  // outlives a wait that throws: MPI may still write into it
  std::optional<Notice> notice_;        // of the lowest rank that gave up, as far as is known here
  std::string notice_text_;             // of this rank's own notice, on its way
  Nanoseconds next_probe_ = 0;
};

}  // namespace weft
