#pragma once

#include "worlds/board.hpp"
#include "worlds/rank_main.hpp"
#include "worlds/world.hpp"

namespace weft {

/// A world whose ranks meet in a Board: processes of one machine, or threads.
class SharedWorld final : public World {
 public:
  /// `name` is a literal. The board outlives the world.
  SharedWorld(std::string_view name, Board& board, int rank) : name_(name), board_(board), rank_(rank) {}

  std::string_view name() const override { return name_; }
  int rank() const override { return rank_; }
  int ranks() const override { return board_.ranks(); }
  std::vector<std::string> allgather(std::string_view mine) override;
  void abort(std::string_view reason) noexcept override;
  void check() override;
  void set_deadline(Nanoseconds from_now, const char* doing) override;

  /// Runs `main` as this rank to its exit code, recording on the board what it throws.
  int run(const RankMain& main);

 private:
  void exchange_round(std::string_view mine, std::size_t offset);
  void await_arrival(int peer);

  std::string_view name_;
  Board& board_;
  int rank_;
  std::uint64_t round_ = 0;
};

/// After all ranks ended: says on stderr why a rank gave up, and gives the exit code of the launch, where `largest` is
/// the largest of the ranks'.
int conclude(const Board& board, int largest);

}  // namespace weft
