#include "tests/conformance/transport_cases.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <fmt/format.h>

namespace weft {
namespace {

constexpr Nanoseconds kTimeout = 120'000'000'000;
constexpr int kSignal = 2026;

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
    expect(signals_reach_the_host(), "a signal that the host writes and reads");
    for (const Datatype dtype : all_datatypes())
      for (const ReduceOp op : all_reduce_ops())
        if (reducible(dtype)) expect(reduces(dtype, op), fmt::format("reduce {} {}", name_of(dtype), name_of(op)));
    if (comm_.offers_recv_reduce())
      for (bool in_place : {false, true}) expect(recv_reduce(in_place), "receive and reduce");
    return good_;
  }

 private:
  int next() const { return (comm_.rank() + 1) % comm_.ranks(); }
  int prev() const { return (comm_.rank() + comm_.ranks() - 1) % comm_.ranks(); }
  /// What a message holds: words that differ by place, sender and key, since byte by byte would take minutes
  /// unoptimised.
  static std::vector<std::byte> message(int from, int key, Bytes bytes) {
    std::vector<std::byte> values(bytes);
    const auto origin = static_cast<std::uint64_t>(from * 37 + key * 11 + 1) * 0xbf58476d1ce4e5b9;
    for (Bytes at = 0; at < bytes; at += sizeof(std::uint64_t)) {
      const std::uint64_t word = origin ^ (at / sizeof word + 1) * 0x9e3779b97f4a7c15;
      std::memcpy(values.data() + at, &word, std::min<Bytes>(sizeof word, bytes - at));
    }
    return values;
  }
  void fill(std::byte* data, int from, int key, Bytes bytes) { write(data, message(from, key, bytes)); }
  bool holds(const std::byte* data, int from, int key, Bytes bytes) {
    const std::vector<std::byte> found = read(data, bytes);
    return bytes == 0 || std::memcmp(found.data(), message(from, key, bytes).data(), bytes) == 0;
  }
  // The host need not reach the communicator's memory.
  void write(std::byte* data, const std::vector<std::byte>& values) {
    if (!values.empty()) comm_.copy(data, values.data(), values.size());
  }
  std::vector<std::byte> read(const std::byte* data, Bytes bytes) {
    std::vector<std::byte> values(bytes);
    if (bytes > 0) comm_.copy(values.data(), data, bytes);
    return values;
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

  bool signals_reach_the_host() {
    const Memory both = comm_.allocate_signals(2 * sizeof(int));
    const auto place = [&](Bytes index) { return both.get() + index * sizeof(int); };
    std::memcpy(place(0), &kSignal, sizeof kSignal);
    Pending pending;
    comm_.post_recv(prev(), 0, place(1), sizeof kSignal, pending);
    comm_.post_send(next(), 0, place(0), sizeof kSignal, pending);
    wait(pending);
    world_.barrier();
    return std::memcmp(place(1), &kSignal, sizeof kSignal) == 0;
  }

  // On this rank alone, as the host's kernels do it: from the start of a page and from the
  // second element, one block and several.
  bool reduces(Datatype dtype, ReduceOp op) {
    constexpr Bytes kCount = 4'099;
    constexpr std::size_t kBlocks = 3;
    const Bytes element = size_of(dtype);
    const Reduction reduction{.fold = fold_kernel(dtype, op), .element = element, .dtype = dtype, .op = op};
    const Memory into = comm_.allocate(kCount * element);
    const Memory with = comm_.allocate(kBlocks * kCount * element);
    std::vector<std::byte> expected = numbers(dtype, kCount, 3);
    const std::vector<std::byte> operand = numbers(dtype, kBlocks * kCount, 4);
    write(into.get(), expected);
    write(with.get(), operand);
    const auto reduce = [&](Bytes first, Bytes count, std::size_t blocks) {
      const Bytes at = first * element;
      reduction.fold(expected.data() + at, operand.data() + at, count, blocks);
      comm_.reduce(into.get() + at, with.get() + at, count * element, blocks, reduction);
    };
    reduce(0, kCount, 1);
    reduce(1, kCount - 1, 1);
    reduce(0, kCount, kBlocks);
    reduce(0, kCount - kCount % 16, kBlocks);
    return read(into.get(), kCount * element) == expected;
  }

  /// Elements between 1 and 2 (integers: below 7), as each type has them.
  static std::vector<std::byte> numbers(Datatype dtype, Bytes count, Bytes key) {
    std::vector<std::byte> values(count * size_of(dtype));
    const auto set = [&](Bytes i, auto number) {
      std::memcpy(values.data() + i * sizeof number, &number, sizeof number);
    };
    for (Bytes i = 0; i < count; ++i) {
      const auto step = static_cast<int>(i * key % 7);
      if (dtype == Datatype::f64) set(i, 1 + step / 8.0);
      if (dtype == Datatype::f32) set(i, static_cast<float>(1 + step / 8.0));
      if (dtype == Datatype::f16) set(i, static_cast<std::uint16_t>(0x3C00 + step * 0x91));
      if (dtype == Datatype::bf16) set(i, static_cast<std::uint16_t>(0x3F80 + step * 0x11));
      if (dtype == Datatype::i32) set(i, static_cast<std::int32_t>(step));
      if (dtype == Datatype::u8) set(i, static_cast<std::uint8_t>(step));
    }
    return values;
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
  const auto comm = transport.create(world, {.oversubscribed = oversubscribed, .model = {}, .share_devices = true});
  const bool good = Cases(world, transport, *comm).run();
  world.barrier();
  return good ? 0 : 1;
}

}  // namespace weft
