#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/mman.h>

#include "core/error.hpp"
#include "transports/model/fabric.hpp"
#include "transports/registry.hpp"

namespace weft::transports::model {

namespace {

/// One rank's end of the simulated fabric; the rules are those of Fabric.
class ModelCommunicator final : public Communicator, private Waiter {
 public:
  ModelCommunicator(int rank, std::shared_ptr<Fabric> fabric)
      : Communicator(rank, fabric->scheduler().ranks()), fabric_(std::move(fabric)), scheduler_(fabric_->scheduler()) {
    fabric_->attach(rank, this);
  }
  ~ModelCommunicator() override { fabric_->attach(rank(), nullptr); }

  Memory allocate(Bytes bytes) override;

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) override {
    fabric_->send(rank(), peer, channel, data, bytes, pending);
  }
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) override {
    fabric_->receive(rank(), peer, channel, {.into = into, .with = nullptr, .reduction = {}}, bytes, pending);
  }
  bool offers_recv_reduce() const override { return true; }
  void post_recv_reduce(int peer, int channel, std::byte* into, const std::byte* with, Bytes bytes,
                        const Reduction& reduction, Pending& pending) override {
    fabric_->receive(rank(), peer, channel, {.into = into, .with = with, .reduction = reduction}, bytes, pending);
  }

  void progress() override;
  void relax(Nanoseconds until) override;
  Nanoseconds now() const override { return fabric_->clock(rank()).shows(scheduler_.now(rank())); }
  bool virtual_time() const override { return true; }
  bool clocks_differ() const override { return fabric_->clocks_differ(); }
  Nanoseconds compute_time(Nanoseconds planned) const override { return planned + fabric_->skew(rank()); }
  bool carries_data() const override { return fabric_->carries_data(rank()); }
  void carry_data(bool carry) override { fabric_->carry_data(rank(), carry); }

 private:
  std::string waits_for(int) const override { return fabric_->unmatched(rank()); }

  std::shared_ptr<Fabric> fabric_;
  Scheduler& scheduler_;
};

/// Without data the pages are never touched and so never exist: 1,024 ranks may have gigabytes each.
Memory ModelCommunicator::allocate(Bytes bytes) {
  if (bytes == 0) return {};
  const int commit = carries_data() ? MAP_POPULATE : MAP_NORESERVE;
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | commit, -1, 0);
  if (memory == MAP_FAILED)
    throw TransportError(fmt::format("no memory for {} bytes: {}", bytes, std::strerror(errno)));
  return {static_cast<std::byte*>(memory), [bytes](std::byte* start) { ::munmap(start, bytes); }};
}

void ModelCommunicator::progress() {
  if (scheduler_.ahead(rank()))
    scheduler_.sleep_until(scheduler_.now(rank()));
  else
    scheduler_.check();
  fabric_->complete(rank());
}

void ModelCommunicator::relax(Nanoseconds until) {
  const Picoseconds wake_at = std::min(fabric_->clock(rank()).time_of(until), fabric_->next_completion(rank()));
  if (wake_at > scheduler_.now(rank())) scheduler_.block(wake_at, *this);
}

std::string refuses_model(const World& world, const TransportOptions& options) {
  const FabricModel& model = options.model;
  if (dynamic_cast<const FiberWorld*>(&world) == nullptr)
    return fmt::format("the model transport runs in virtual time, in the fibers world and not in {}", world.name());
  if (std::string refused = refuses_memory("model", options.memory, {MemoryKind::host}); !refused.empty())
    return refused;
  if (std::string flaw = flaw_of(model); !flaw.empty()) return flaw;
  if (model.late_by > 0 && model.late_rank >= world.ranks())
    return fmt::format("the model's late rank {} is none of the {} ranks", model.late_rank, world.ranks());
  return {};
}

/// Rank 0 makes the fabric and shows the others where it is: they share its address space, and its barrier keeps the
/// pointer alive until all have copied it.
std::unique_ptr<Communicator> create_model(World& world, const TransportOptions& options) {
  if (const std::string refusal = refuses_model(world, options); !refusal.empty()) throw TransportError(refusal);
  std::shared_ptr<Fabric> fabric;
  if (world.rank() == 0) fabric = std::make_shared<Fabric>(dynamic_cast<FiberWorld&>(world).scheduler(), options);
  const std::shared_ptr<Fabric>* const mine = &fabric;
  const std::string blob(reinterpret_cast<const char*>(&mine), sizeof(void*));
  const std::vector<std::string> all = world.allgather(blob);
  const std::shared_ptr<Fabric>* first = nullptr;
  std::memcpy(&first, all.front().data(), sizeof(void*));
  if (world.rank() != 0) fabric = *first;
  world.barrier();
  return std::make_unique<ModelCommunicator>(world.rank(), std::move(fabric));
}

}  // namespace

Transport entry() {
  return {.name = "model",
          .summary =
              "a LogGP fabric in virtual time, on one level or two: latency, bandwidth per port; seeded jitter, stalls "
              "and clocks",
          .needs_world = "fibers",
          .flags = {"--fabric"},
          .refuses = refuses_model,
          .create = create_model};
}

}  // namespace weft::transports::model
