#pragma once

#include "collectives/execute.hpp"

namespace weft {

/// Starts ranks together: weft's own dissemination barrier over the transport under test, so that no library's barrier,
/// whose exit skew differs from library to library, gets into the result (Hensgen, Finkel & Manber 1988; ceil(log2 n)
/// rounds).
class StartBarrier {
 public:
  /// Collective.
  StartBarrier(Communicator& communicator, World& world);

  /// Collective; allocates nothing.
  void wait() { executor_.run(buffers_); }

 private:
  Program program_;
  Memory scratch_;
  Buffers buffers_;
  Executor executor_;
};

}  // namespace weft
