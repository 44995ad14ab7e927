#include "measure/barrier.hpp"

#include <array>

#include "collectives/registry.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

constexpr std::array<StartSync, 2> kSyncs = {StartSync::barrier, StartSync::native};

Program barrier_program(const Communicator& communicator, StartSync sync) {
  const Call call{.collective = Collective::barrier,
                  .rank = communicator.rank(),
                  .ranks = communicator.ranks(),
                  .dtype = Datatype::u8};
  if (sync == StartSync::native && communicator.refuses_native(call).empty()) return build_native(call);
  return lower(build_program(collectives::find(Collective::barrier, "dissemination"), call), communicator);
}

}  // namespace

std::string_view name_of(StartSync sync) { return sync == StartSync::barrier ? "barrier" : "native"; }

StartSync parse_start_sync(std::string_view name) {
  std::vector<std::string> names;
  for (const StartSync sync : kSyncs) {
    if (name_of(sync) == name) return sync;
    names.emplace_back(name_of(sync));
  }
  throw UsageError(unknown_name("start", name, names));
}

StartBarrier::StartBarrier(Communicator& communicator, World& world, StartSync sync)
    : program_(barrier_program(communicator, sync)),
      scratch_(communicator.allocate(program_.scratch_bytes)),
      buffers_{.in = nullptr, .out = nullptr, .scratch = scratch_.get()},
      executor_(program_, communicator, world) {}

}  // namespace weft
