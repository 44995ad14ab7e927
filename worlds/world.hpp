#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"

namespace weft {

/// The control plane, as one rank sees it: who is there, small exchanges, agreement on failure. Never measured.
class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World() = default;

  virtual std::string_view name() const = 0;  ///< "mpi", "env", "local", "threads", "fibers"
  virtual int rank() const = 0;
  virtual int ranks() const = 0;

  /// Every rank's blob, in rank order; blobs may differ in length. Collective. Throws RankLost or TimedOut.
  virtual std::vector<std::string> allgather(std::string_view mine) = 0;

  /// The same on rank 0, and nothing on the others, to which a world of a thousand ranks need not carry a million
  /// blobs. Collective. Throws RankLost or TimedOut.
  virtual std::vector<std::string> gather(std::string_view mine) {
    std::vector<std::string> all = allgather(mine);
    if (rank() != 0) all.clear();
    return all;
  }

  /// Returns when every rank has called it. Collective. Throws RankLost or TimedOut.
  virtual void barrier() { allgather({}); }

  /// Says that this rank cannot go on. From then on check() throws RankLost naming this rank on every rank, and the
  /// launch ends with ExitCode::failed. Not collective, may be called at any time, returns.
  virtual void abort(std::string_view reason) noexcept = 0;

  /// Throws RankLost when a rank aborted or died, TimedOut when the deadline has passed. Cheap: every waiting loop
  /// calls it.
  virtual void check() = 0;

  /// This rank promises to call set_deadline again within `from_now` ns of real time; `doing` (a string literal) says
  /// what it is doing meanwhile. check() throws TimedOut past it, and a supervisor outside the rank ends the rank a
  /// little later where it never gets to call check() (blocked inside a library). 0 means no deadline. Cheap: an atomic
  /// store.
  virtual void set_deadline(Nanoseconds from_now, const char* doing) = 0;
};

}  // namespace weft
