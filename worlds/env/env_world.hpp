#pragma once

#include <optional>

#include "core/descriptor.hpp"
#include "worlds/board.hpp"
#include "worlds/env/frame.hpp"
#include "worlds/env/rendezvous.hpp"
#include "worlds/rank_main.hpp"
#include "worlds/world.hpp"

namespace weft {

/// A rank that meets the others at rank 0's hub: one TCP connection, over which go the parts of collectives and the
/// news of who has failed.
class EnvWorld final : public World {
 public:
  /// `line` is an admitted connection. `board` has one rank, this one, and is its supervisor's view of it.
  EnvWorld(Board& board, Descriptor line, const env::Rendezvous& rendezvous);

  std::string_view name() const override { return "env"; }
  int rank() const override { return rendezvous_.rank; }
  int ranks() const override { return rendezvous_.ranks; }
  std::vector<std::string> allgather(std::string_view mine) override;
  std::vector<std::string> gather(std::string_view mine) override;
  void barrier() override;
  void abort(std::string_view reason) noexcept override;
  void check() override;
  void set_deadline(Nanoseconds from_now, const char* doing) override;

  /// Runs `main` as this rank to its exit code. Where the run ends early, the code is that of the rank at fault, which
  /// says why on stderr.
  int run(const RankMain& main);

 private:
  std::vector<std::string> exchange(std::string_view mine, bool wants_all);
  void say(const std::string& frame);  ///< throws as check() does
  void listen();                       ///< takes in what the hub has said
  void hear(env::Frame frame);
  void lose_hub(const char* why);
  void give_up(const Failure& failure) noexcept;
  void await_verdict();

  Board& board_;
  Descriptor line_;
  env::Rendezvous rendezvous_;
  env::FrameReader reader_;
  std::optional<env::EarlyNotice> notice_;
  bool verdict_ = false;  // the notice is the hub's last word
  bool gave_up_ = false;
  std::string hub_lost_;  // why the hub is not heard any more; empty while it is
  std::optional<std::string> result_;
  int left_ = -1;  // the rank that has ended while this one waits for it
  Nanoseconds next_look_ = 0;
};

}  // namespace weft
