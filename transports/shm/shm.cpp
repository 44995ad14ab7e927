// The shared-memory transport: ranks of one host, from any world. Zero copy needs buffers which weft allocates: each is
// an anonymous memory file that every rank maps, so that a peer's payload is read and written in place. A benchmark of
// private buffers would have to copy into shared memory first.

#include <memory>

#include "core/system.hpp"
#include "transports/refuses_fibers.hpp"
#include "transports/registry.hpp"
#include "transports/shm/native.hpp"

namespace weft::shm {

namespace {

class ShmCommunicator final : public Communicator {
 public:
  ShmCommunicator(World& world, const TransportOptions& options)
      : Communicator(world.rank(), world.ranks()),
        world_(world),
        huge_(options.memory == MemoryKind::huge),
        segments_(shared_control(world)),
        messenger_(rank(), ranks(), *segments_),
        board_(rank(), ranks(), *segments_, world, messenger_, options.oversubscribed) {}

  Memory allocate(Bytes bytes) override {
    const std::uint32_t segment = segments_->add(world_, bytes, huge_);
    // The deleter keeps the table, as the memory may outlive the communicator.
    return Memory(segments_->base(rank(), segment),
                  [segments = segments_, segment](std::byte*) { segments->remove(segment); });
  }

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) override {
    messenger_.post_send(peer, channel, data, bytes, pending);
  }
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) override {
    messenger_.post_recv(peer, channel, into, nullptr, bytes, Reduction{}, pending);
  }
  bool offers_recv_reduce() const override { return true; }
  void post_recv_reduce(int peer, int channel, std::byte* into, const std::byte* with, Bytes bytes,
                        const Reduction& reduction, Pending& pending) override {
    messenger_.post_recv(peer, channel, into, with, bytes, reduction, pending);
  }

  void progress() override { messenger_.progress(); }
  void relax(Nanoseconds) override { board_.patience().pause(); }

  std::string refuses_native(const Call& call) const override {
    return call.collective == Collective::send_recv ? Communicator::refuses_native(call) : std::string();
  }
  void native(const Call& call, const std::byte* in, std::byte* out) override;

 private:
  static std::shared_ptr<Segments> shared_control(World& world);

  World& world_;
  bool huge_;
  std::shared_ptr<Segments> segments_;
  Messenger messenger_;
  Board board_;
};

std::shared_ptr<Segments> ShmCommunicator::shared_control(World& world) {
  require_one_host(world);
  auto segments = std::make_shared<Segments>(world.ranks());
  segments->add(world, Control::size(world.ranks()));
  Control(segments->base(world.rank(), 0), world.ranks()).construct();
  world.barrier();  // nobody writes into what its owner has yet to construct
  return segments;
}

void ShmCommunicator::native(const Call& call, const std::byte* in, std::byte* out) {
  switch (call.collective) {
    case Collective::barrier:
      return board_.barrier();
    case Collective::broadcast:
      return broadcast(board_, call, in, out);
    case Collective::all_reduce:
      return all_reduce(board_, call, in, out);
    case Collective::reduce_scatter:
      return reduce_scatter(board_, call, in, out);
    case Collective::all_gather:
      return all_gather(board_, call, in, out);
    case Collective::all_to_all:
      return all_to_all(board_, call, in, out);
    case Collective::all_to_allv:
      return all_to_allv(board_, call, in, out);
    case Collective::send_recv:
      break;
  }
  Communicator::native(call, in, out);
}

std::string refuses_shm(const World& world, const TransportOptions& options) {
  if (std::string refused = refuses_fibers("shm", world); !refused.empty()) return refused;
  if (std::string refused = refuses_memory("shm", options.memory, {MemoryKind::host, MemoryKind::huge});
      !refused.empty())
    return refused;
  if (options.memory == MemoryKind::huge && reserved_huge_pages() == 0)
    return "--memory huge: this system has no free huge pages to share (reserve some in /proc/sys/vm/nr_hugepages)";
  return {};
}

}  // namespace

}  // namespace weft::shm

namespace weft::transports::shm {

Transport entry() {
  return {.name = "shm",
          .summary = "shared memory of one host: single copy between buffers that weft allocates, fused receive-reduce",
          .needs_world = "",
          .refuses = weft::shm::refuses_shm,
          .create = [](World& world, const TransportOptions& options) -> std::unique_ptr<Communicator> {
            return std::make_unique<weft::shm::ShmCommunicator>(world, options);
          }};
}

}  // namespace weft::transports::shm
