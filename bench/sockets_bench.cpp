// Bytes over plain sockets of the loopback device, one way and both ways, as fast as send and recv go: what the
// transport tcp can be held against at the same number of streams and as much memory.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>

#include "core/descriptor.hpp"

namespace weft {
namespace {

constexpr std::size_t kLongestCall = 1 << 20;         // one way, as iperf3's
constexpr std::size_t kLongestExchanged = 256 << 10;  // so that a side receives between its sends

[[noreturn]] void fail(const char* call) { throw std::runtime_error(std::string(call) + ": " + std::strerror(errno)); }

cpu_set_t allowed_cpus() {
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) fail("sched_getaffinity");
  return cpus;
}

/// Binds this thread, and no other, to a CPU of its own where there are two.
void bind_side(int side) {
  static const cpu_set_t allowed = allowed_cpus();  // before the first one was bound
  const int wanted = side % CPU_COUNT(&allowed);
  int cpu = 0;
  for (int before = 0; !CPU_ISSET(cpu, &allowed) || before++ < wanted; ++cpu) {
  }
  cpu_set_t own;
  CPU_ZERO(&own);
  CPU_SET(cpu, &own);
  if (sched_setaffinity(0, sizeof own, &own) != 0) fail("sched_setaffinity");
}

/// Both ends of a connection.
struct Stream {
  Descriptor from;
  Descriptor to;
};

Stream connect_through(const Descriptor& door) {
  sockaddr_in address = {};
  socklen_t length = sizeof address;
  auto* const place = reinterpret_cast<sockaddr*>(&address);
  if (getsockname(door.get(), place, &length) != 0) fail("getsockname");
  Stream stream{Descriptor(socket(AF_INET, SOCK_STREAM, 0)), {}};
  if (connect(stream.from.get(), place, length) != 0) fail("connect");
  stream.to = Descriptor(accept(door.get(), nullptr, nullptr));
  if (!stream.to) fail("accept");
  const int on = 1;
  for (const Descriptor* end : {&stream.from, &stream.to})
    if (setsockopt(end->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("setsockopt");
  return stream;
}

std::vector<Stream> connect_streams(int count) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const Descriptor door(socket(AF_INET, SOCK_STREAM, 0));
  if (bind(door.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (listen(door.get(), count) != 0) fail("listen");
  std::vector<Stream> streams;
  for (int i = 0; i < count; ++i) streams.push_back(connect_through(door));
  return streams;
}

/// One side's buffer, of which each stream has its part.
class Parts {
 public:
  Parts(std::size_t streams, std::size_t bytes) : memory_(bytes, std::byte{1}), part_(bytes / streams), at_(streams) {}

  /// What comes next of a stream's part, and again from its beginning after its end.
  std::span<std::byte> next(std::size_t stream) {
    return {memory_.data() + stream * part_ + at_[stream], std::min(part_ - at_[stream], kLongestCall)};
  }
  void advance(std::size_t stream, std::size_t bytes) { at_[stream] = (at_[stream] + bytes) % part_; }

 private:
  std::vector<std::byte> memory_;
  std::size_t part_;
  std::vector<std::size_t> at_;
};

/// Bytes that a call moved: 0 where it would have to wait.
std::size_t moved(ssize_t result, const char* call) {
  if (result >= 0) return static_cast<std::size_t>(result);
  if (errno != EAGAIN && errno != EINTR) fail(call);
  return 0;
}

void send_until(const std::atomic<bool>& enough, const std::vector<Stream>& streams, std::size_t bytes) {
  bind_side(0);
  Parts parts(streams.size(), bytes);
  while (!enough) {
    for (std::size_t i = 0; i < streams.size(); ++i) {
      const std::span<std::byte> next = parts.next(i);
      parts.advance(i, moved(send(streams[i].from.get(), next.data(), next.size(), MSG_DONTWAIT), "send"));
    }
  }
}

/// An iteration is a message of range(1) bytes, split over range(0) streams.
void one_way(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(1));
  const std::vector<Stream> streams = connect_streams(static_cast<int>(state.range(0)));
  std::atomic<bool> enough = false;
  bind_side(1);
  std::jthread sender([&] { send_until(enough, streams, bytes); });
  Parts parts(streams.size(), bytes);
  std::size_t ahead = 0;  // of what the iterations so far ask for
  for (auto _ : state) {
    while (ahead < bytes) {
      for (std::size_t i = 0; i < streams.size(); ++i) {
        const std::span<std::byte> next = parts.next(i);
        const std::size_t got = moved(recv(streams[i].to.get(), next.data(), next.size(), MSG_DONTWAIT), "recv");
        parts.advance(i, got);
        ahead += got;
      }
    }
    ahead -= bytes;
  }
  enough = true;
  state.SetBytesProcessed(state.iterations() * state.range(1));
}

BENCHMARK(one_way)
    ->ArgNames({"streams", "bytes"})
    ->ArgsProduct({{1, 4}, {128 << 10, 1 << 20, 16 << 20}})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

/// Sends and receives as many bytes at once, until both are done or it is enough.
void exchange(const std::atomic<bool>& enough, const Descriptor& end, std::span<std::byte> out,
              std::span<std::byte> in) {
  while (!enough && !(out.empty() && in.empty())) {
    const std::size_t most_out = std::min(out.size(), kLongestExchanged);
    const std::size_t most_in = std::min(in.size(), kLongestExchanged);
    if (most_out > 0) out = out.subspan(moved(send(end.get(), out.data(), most_out, MSG_DONTWAIT), "send"));
    if (most_in > 0) in = in.subspan(moved(recv(end.get(), in.data(), most_in, MSG_DONTWAIT), "recv"));
  }
}

/// An iteration is a message of range(0) bytes there and one back at once: a side begins the next when it has received.
void both_ways(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const std::vector<Stream> streams = connect_streams(1);
  std::atomic<bool> enough = false;
  bind_side(1);
  std::jthread other([&] {
    bind_side(0);
    std::vector<std::byte> out(bytes), in(bytes);
    while (!enough) exchange(enough, streams[0].from, out, in);
  });
  std::vector<std::byte> out(bytes), in(bytes);
  for (auto _ : state) exchange(enough, streams[0].to, out, in);
  enough = true;
}

BENCHMARK(both_ways)
    ->ArgName("bytes")
    ->ArgsProduct({{4, 1 << 10, 8 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20}})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace weft

BENCHMARK_MAIN();
