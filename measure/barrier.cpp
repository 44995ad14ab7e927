#include "measure/barrier.hpp"

#include <array>

#include "collectives/registry.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

constexpr std::array<std::string_view, 5> kSyncNames = {"auto", "round-time", "barrier", "native", "none"};

Program barrier_program(const Communicator& communicator, StartSync sync) {
  const Call call{.collective = Collective::barrier,
                  .rank = communicator.rank(),
                  .ranks = communicator.ranks(),
                  .dtype = Datatype::u8};
  if (sync == StartSync::native && communicator.refuses_native(call).empty()) return build_native(call);
  return lower(build_program(collectives::find(Collective::barrier, "dissemination"), call), communicator);
}

}  // namespace

std::string_view name_of(StartSync sync) { return kSyncNames[static_cast<std::size_t>(sync)]; }

StartSync parse_start_sync(std::string_view name) {
  for (std::size_t i = 0; i < kSyncNames.size(); ++i)
    if (kSyncNames[i] == name) return static_cast<StartSync>(i);
  throw UsageError(unknown_name("start", name, std::vector<std::string>(kSyncNames.begin(), kSyncNames.end())));
}

StartBarrier::StartBarrier(Communicator& communicator, World& world, StartSync sync)
    : program_(barrier_program(communicator, sync)),
      scratch_(communicator.allocate(program_.scratch_bytes)),
      buffers_{.in = nullptr, .out = nullptr, .scratch = scratch_.get()},
      executor_(program_, communicator, world) {}

}  // namespace weft
