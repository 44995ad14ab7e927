// A transport over named pipes of one host. It is small, not fast: the kernel copies each byte in and out.
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "entries.hpp"
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transports/refuses_fibers.hpp"
#include "worlds/together.hpp"

namespace example {

namespace {

using weft::Bytes;
using weft::Pending;

[[noreturn]] void fail(const std::string& doing) {
  throw weft::TransportError("fifo: cannot " + doing + ": " + std::strerror(errno));
}

ssize_t transfer(int pipe, const std::byte* data, Bytes bytes) { return write(pipe, data, bytes); }
ssize_t transfer(int pipe, std::byte* data, Bytes bytes) { return read(pipe, data, bytes); }

/// One end of a pipe, where messages wait their turn: of const bytes the sender's. As both sides know the length of
/// each message, nothing but their bytes is in the pipe.
template <typename Byte>
class End {
 public:
  /// For both directions, upon which opening does not wait for the other side.
  explicit End(const std::string& path) : pipe_(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
    if (pipe_ < 0) fail("open " + path);
    messages_.reserve(kRoom);
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  ~End() { close(pipe_); }

  void post(Byte* data, Bytes bytes, Pending& pending) {
    if (bytes == 0) return;
    ++pending.count;
    messages_.push_back({data, bytes, &pending});
  }

  void progress() {
    for (; first_ < messages_.size(); ++first_) {
      Message& message = messages_[first_];
      while (message.bytes > 0) {
        const ssize_t moved = transfer(pipe_, message.data, message.bytes);
        if (moved < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (moved < 0) fail("use a pipe");
        message.data += moved;
        message.bytes -= static_cast<Bytes>(moved);
      }
      --message.pending->count;
    }
    messages_.clear();
    first_ = 0;
  }

 private:
  struct Message {
    Byte* data;
    Bytes bytes;
    Pending* pending;
  };
  static constexpr std::size_t kRoom = 1024;  // so that no timed run grows the queue

  int pipe_;
  std::vector<Message> messages_;
  std::size_t first_ = 0;
};

/// A folder that rank 0 makes and removes. Collective.
class SharedFolder {
 public:
  explicit SharedFolder(weft::World& world) {
    weft::together(world, [&] {
      if (world.rank() != 0) return;
      std::string path = std::filesystem::temp_directory_path() / "weft-fifo-XXXXXX";
      if (mkdtemp(path.data()) == nullptr) fail("make " + path);
      mine_ = path;
    });
    path_ = world.allgather(mine_).front();
  }
  SharedFolder(const SharedFolder&) = delete;
  SharedFolder& operator=(const SharedFolder&) = delete;
  ~SharedFolder() {
    std::error_code ignored;
    if (!mine_.empty()) std::filesystem::remove_all(mine_, ignored);
  }
  std::string pipe(int from, int to, int channel) const {
    return path_ + "/" + std::to_string(from) + "-" + std::to_string(to) + "-" + std::to_string(channel);
  }

 private:
  std::string mine_, path_;
};

class FifoCommunicator final : public weft::Communicator {
 public:
  FifoCommunicator(weft::World& world, weft::MemoryKind memory)
      : Communicator(world.rank(), world.ranks()), world_(world), memory_(memory) {
    FifoCommunicator::open_channels(2);
  }

  weft::Memory allocate(Bytes bytes) override { return weft::allocate_pages(bytes, memory_); }

  void open_channels(int channels) override {
    const SharedFolder folder(world_);
    weft::together(world_, [&] {
      for (int channel = channels_; channel < channels; ++channel)
        for (int peer = 0; peer < ranks(); ++peer)
          if (const std::string path = folder.pipe(peer, rank(), channel); mkfifo(path.c_str(), 0600) != 0)
            fail("make " + path);
    });
    weft::together(world_, [&] {
      for (int channel = channels_; channel < channels; ++channel)
        for (int peer = 0; peer < ranks(); ++peer) {
          senders_.push_back(std::make_unique<End<const std::byte>>(folder.pipe(rank(), peer, channel)));
          receivers_.push_back(std::make_unique<End<std::byte>>(folder.pipe(peer, rank(), channel)));
        }
    });
    channels_ = std::max(channels_, channels);
  }

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) override {
    senders_[index(peer, channel)]->post(data, bytes, pending);
  }
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) override {
    receivers_[index(peer, channel)]->post(into, bytes, pending);
  }
  void progress() override {
    for (const auto& end : senders_) end->progress();
    for (const auto& end : receivers_) end->progress();
  }
  void relax(weft::Nanoseconds) override { sched_yield(); }

 private:
  std::size_t index(int peer, int channel) const {
    return static_cast<std::size_t>(channel) * static_cast<std::size_t>(ranks()) + static_cast<std::size_t>(peer);
  }

  weft::World& world_;
  weft::MemoryKind memory_;
  int channels_ = 0;
  std::vector<std::unique_ptr<End<const std::byte>>> senders_;  // of each channel one for each rank
  std::vector<std::unique_ptr<End<std::byte>>> receivers_;
};

std::string refuses(const weft::World& world, const weft::TransportOptions& options) {
  if (std::string refused = weft::refuses_fibers("fifo", world); !refused.empty()) return refused;
  return weft::refuses_pages("fifo", options.memory);
}

std::unique_ptr<weft::Communicator> create(weft::World& world, const weft::TransportOptions& options) {
  return std::make_unique<FifoCommunicator>(world, options.memory);
}

}  // namespace

weft::Transport fifo() {
  return {
      .name = "fifo", .summary = "named pipes of one host", .needs_world = "", .refuses = refuses, .create = create};
}

}  // namespace example
