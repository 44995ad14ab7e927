#include "measure/barrier.hpp"

#include "collectives/registry.hpp"

namespace weft {

namespace {

Program barrier_program(const Communicator& communicator) {
  const Call call{.collective = Collective::barrier,
                  .rank = communicator.rank(),
                  .ranks = communicator.ranks(),
                  .dtype = Datatype::u8};
  return lower(build_program(collectives::find(Collective::barrier, "dissemination"), call), communicator);
}

}  // namespace

StartBarrier::StartBarrier(Communicator& communicator, World& world)
    : program_(barrier_program(communicator)),
      scratch_(communicator.allocate(program_.scratch_bytes)),
      buffers_{.in = nullptr, .out = nullptr, .scratch = scratch_.get()},
      executor_(program_, communicator, world) {}

}  // namespace weft
