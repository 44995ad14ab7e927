#include "tests/conformance/transport_cases.hpp"

#include <cstring>
#include <limits>

#include <fmt/format.h>

namespace weft {
namespace {

constexpr Nanoseconds kTimeout = 60'000'000'000;

class Cases {
 public:
  Cases(World& world, const Transport& transport, Communicator& comm)
      : world_(world), transport_(transport), comm_(comm) {}

  bool run() {
    for (Bytes bytes : {Bytes{0}, Bytes{1}, Bytes{333}, Bytes{65537}, (Bytes{8} << 20) + 1})
      expect(ring_exchange(bytes), fmt::format("ring exchange of {} bytes", bytes));
    expect(many_in_order(), "many messages, in order within a channel");
    expect(channels_are_independent(), "channels received in the other order");
    expect(late_receive(), "receive posted late");
    if (comm_.offers_recv_reduce())
      for (bool in_place : {false, true}) expect(recv_reduce(in_place), "receive and reduce");
    return good_;
  }

 private:
  int next() const { return (comm_.rank() + 1) % comm_.ranks(); }
  int prev() const { return (comm_.rank() + comm_.ranks() - 1) % comm_.ranks(); }
  static std::byte value(int from, int key, Bytes i) {
    return static_cast<std::byte>((static_cast<Bytes>(from * 37 + key * 11) + i * 7 + i / 251) & 255);
  }
  static void fill(std::byte* data, int from, int key, Bytes bytes) {
    for (Bytes i = 0; i < bytes; ++i) data[i] = value(from, key, i);
  }
  static bool holds(const std::byte* data, int from, int key, Bytes bytes) {
    for (Bytes i = 0; i < bytes; ++i)
      if (data[i] != value(from, key, i)) return false;
    return true;
  }

  void expect(bool right, const std::string& what) {
    if (right) return;
    good_ = false;
    fmt::print(stderr, "{}: rank {} of {}: {}\n", transport_.name, comm_.rank(), comm_.ranks(), what);
  }

  void wait(const Pending& pending) {
    while (pending.count > 0) {
      comm_.progress();
      if (pending.count == 0) return;
      world_.check();
      comm_.relax(std::numeric_limits<Nanoseconds>::max());
    }
  }

  // Both ways at once: each rank has a different size of buffer, and sends to both of its neighbours.
  bool ring_exchange(Bytes bytes) {
    const Memory out = comm_.allocate(bytes + static_cast<Bytes>(comm_.rank()) * 4096);
    const Memory in = comm_.allocate(2 * bytes);
    fill(out.get(), comm_.rank(), 1, bytes);
    Pending pending;
    comm_.post_recv(prev(), 0, in.get(), bytes, pending);
    comm_.post_recv(next(), 1, in.get() + bytes, bytes, pending);
    comm_.post_send(next(), 0, out.get(), bytes, pending);
    comm_.post_send(prev(), 1, out.get(), bytes, pending);
    wait(pending);
    world_.barrier();
    return holds(in.get(), prev(), 1, bytes) && holds(in.get() + bytes, next(), 1, bytes);
  }

  bool many_in_order() {
    constexpr int kMessages = 100;
    constexpr Bytes kStride = 1024;
    const Memory out = comm_.allocate(kMessages * kStride);
    const Memory in = comm_.allocate(kMessages * kStride);
    Pending pending;
    for (int i = 0; i < kMessages; ++i) {
      const Bytes at = static_cast<Bytes>(i) * kStride;
      fill(out.get() + at, comm_.rank(), i, size_of_message(i));
      comm_.post_recv(prev(), 0, in.get() + at, size_of_message(i), pending);
      comm_.post_send(next(), 0, out.get() + at, size_of_message(i), pending);
    }
    wait(pending);
    bool right = true;
    for (int i = 0; i < kMessages; ++i)
      right &= holds(in.get() + static_cast<Bytes>(i) * kStride, prev(), i, size_of_message(i));
    world_.barrier();
    return right;
  }
  static Bytes size_of_message(int i) { return static_cast<Bytes>(i) * 10; }

  bool channels_are_independent() {
    constexpr Bytes kBytes = 5000;
    const Memory out = comm_.allocate(2 * kBytes);
    const Memory in = comm_.allocate(2 * kBytes);
    fill(out.get(), comm_.rank(), 0, kBytes);
    fill(out.get() + kBytes, comm_.rank(), 1, kBytes);
    Pending pending;
    for (int channel : {0, 1})
      comm_.post_send(next(), channel, out.get() + static_cast<Bytes>(channel) * kBytes, kBytes, pending);
    for (int channel : {1, 0})
      comm_.post_recv(prev(), channel, in.get() + static_cast<Bytes>(channel) * kBytes, kBytes, pending);
    wait(pending);
    world_.barrier();
    return holds(in.get(), prev(), 0, kBytes) && holds(in.get() + kBytes, prev(), 1, kBytes);
  }

  // In virtual time nothing happens while a rank waits outside the communicator, so there this is an exchange as any.
  bool late_receive() {
    constexpr Bytes kBytes = 300'001;
    const Memory out = comm_.allocate(kBytes);
    const Memory in = comm_.allocate(kBytes);
    fill(out.get(), comm_.rank(), 5, kBytes);
    Pending pending;
    comm_.post_send(next(), 0, out.get(), kBytes, pending);
    if (!comm_.virtual_time()) world_.barrier();
    comm_.post_recv(prev(), 0, in.get(), kBytes, pending);
    wait(pending);
    world_.barrier();
    return holds(in.get(), prev(), 5, kBytes);
  }

  bool recv_reduce(bool in_place) {
    constexpr Bytes kCount = 100'003;
    const Memory out = comm_.allocate(kCount * sizeof(float));
    const Memory mine = comm_.allocate(kCount * sizeof(float));
    const Memory other = comm_.allocate(kCount * sizeof(float));
    auto* sent = reinterpret_cast<float*>(out.get());
    auto* with = reinterpret_cast<float*>(mine.get());
    for (Bytes i = 0; i < kCount; ++i) {
      sent[i] = static_cast<float>(comm_.rank() + static_cast<int>(i % 100));
      with[i] = 1000;
    }
    std::byte* into = in_place ? mine.get() : other.get();
    const Reduction sum{.kernel = reduce_kernel(Datatype::f32, ReduceOp::sum),
                        .streaming_kernel = reduce_kernel(Datatype::f32, ReduceOp::sum, Stores::streaming),
                        .element = sizeof(float)};
    Pending pending;
    comm_.post_recv_reduce(prev(), 0, into, mine.get(), kCount * sizeof(float), sum, pending);
    comm_.post_send(next(), 0, out.get(), kCount * sizeof(float), pending);
    wait(pending);
    world_.barrier();
    const auto* result = reinterpret_cast<const float*>(into);
    for (Bytes i = 0; i < kCount; ++i)
      if (result[i] != static_cast<float>(1000 + prev() + static_cast<int>(i % 100))) return false;
    return true;
  }

  World& world_;
  const Transport& transport_;
  Communicator& comm_;
  bool good_ = true;
};

}  // namespace

int check_transport(World& world, const Transport& transport, bool oversubscribed) {
  world.set_deadline(kTimeout, "conformance of a transport");
  const auto comm = transport.create(world, {.oversubscribed = oversubscribed, .model = {}});
  const bool good = Cases(world, transport, *comm).run();
  world.barrier();
  return good ? 0 : 1;
}

}  // namespace weft
