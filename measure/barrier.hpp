#pragma once

#include <cstdint>
#include <string_view>

#include "collectives/execute.hpp"

namespace weft {

/// What starts the ranks of a sample together.
enum class StartSync : std::uint8_t {
  automatic,   ///< round_time or barrier, as the clocks allow (choose_start)
  round_time,  ///< at an agreed time of the ranks' common clock (measure/round_time.hpp)
  barrier,     ///< weft's own dissemination barrier, the same over every transport
  native,      ///< the transport's own barrier where it has one, as OSU does; its exit skew is part of the figures
  none,        ///< nothing: back to back, as nccl-tests; where ranks do not wait for each other they drift apart
};

std::string_view name_of(StartSync sync);
StartSync parse_start_sync(std::string_view name);  ///< throws UsageError

/// Starts ranks together: by default weft's own dissemination barrier over the transport under test, so that no
/// library's barrier, whose exit skew differs from library to library, gets into the result (Hensgen, Finkel & Manber
/// 1988; ceil(log2 n) rounds).
class StartBarrier {
 public:
  /// Collective.
  StartBarrier(Communicator& communicator, World& world, StartSync sync = StartSync::barrier);

  /// Collective; allocates nothing.
  void wait() { executor_.run(buffers_); }

 private:
  Program program_;
  Memory scratch_;
  Buffers buffers_;
  Executor executor_;
};

}  // namespace weft
