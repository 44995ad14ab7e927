#include "transports/ofi/messenger.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <rdma/fi_errno.h>
#include <rdma/fi_tagged.h>

#include "core/error.hpp"
#include "transports/ofi/check.hpp"
#include "worlds/together.hpp"

namespace weft::ofi {
namespace {

constexpr int kOperationsInStock = 4096;
constexpr std::size_t kCompletions = 32;  // read at a time
constexpr int kRankBits = 24;

std::uint64_t tag_from(int source, int channel) {
  return static_cast<std::uint64_t>(channel) << kRankBits | static_cast<std::uint64_t>(source);
}

}  // namespace

Messenger::Messenger(World& world, std::shared_ptr<Domain> domain)
    : world_(world),
      endpoint_(std::move(domain), world.ranks()),
      longest_(endpoint_.domain().info().ep_attr->max_msg_size),
      peers_(static_cast<std::size_t>(world.ranks())) {
  add_operations();
}

void Messenger::add_operations() {
  for (int i = 0; i < kOperationsInStock; ++i) free_.push_front(operations_.emplace_back());
}

Messenger::Operation& Messenger::begin(int peer, int channel, std::byte* data, Bytes bytes, Pending& pending) {
  if (free_.empty()) add_operations();
  Operation& operation = free_.front();
  free_.pop_front();
  operation.peer = peer;
  operation.channel = channel;
  operation.data = data;
  operation.bytes = bytes;
  operation.pending = &pending;
  ++pending.count;
  ++peers_[static_cast<std::size_t>(peer)].outstanding;
  return operation;
}

/// False where the provider has no room.
bool Messenger::start_send(Operation& send) {
  const ssize_t rc = fi_tsend(endpoint_.get(), send.data, send.bytes, endpoint_.domain().descriptor(send.data),
                              peers_[static_cast<std::size_t>(send.peer)].address,
                              tag_from(world_.rank(), send.channel), static_cast<fi_context2*>(&send));
  if (rc == -FI_EAGAIN) return false;
  check(rc, "fi_tsend");
  return true;
}

bool Messenger::start_recv(Operation& receive) {
  const ssize_t rc = fi_trecv(endpoint_.get(), receive.data, receive.bytes, endpoint_.domain().descriptor(receive.data),
                              peers_[static_cast<std::size_t>(receive.peer)].address,
                              tag_from(receive.peer, receive.channel), 0, static_cast<fi_context2*>(&receive));
  if (rc == -FI_EAGAIN) return false;
  check(rc, "fi_trecv");
  return true;
}

void Messenger::post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) {
  Line& waiting = peers_[static_cast<std::size_t>(peer)].waiting;
  Bytes sent = 0;
  do {
    const Bytes piece = std::min(longest_, bytes - sent);
    Operation& send = begin(peer, channel, const_cast<std::byte*>(data) + sent, piece, pending);
    sent += piece;
    if (waiting.empty() && start_send(send)) continue;
    waiting.push_back(send);
    ++waiting_;
  } while (sent < bytes);
}

void Messenger::post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) {
  Bytes posted = 0;
  do {
    const Bytes piece = std::min(longest_, bytes - posted);
    Operation& receive = begin(peer, channel, into + posted, piece, pending);
    posted += piece;
    if (receives_.empty() && start_recv(receive)) continue;
    receives_.push_back(receive);
    ++waiting_;
  } while (posted < bytes);
}

bool Messenger::busy() const {
  return std::any_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.outstanding > 0; });
}

void Messenger::start_waiting() {
  const auto start = [this](Line& line, auto takes) {
    while (!line.empty() && takes(line.front())) {
      line.pop_front();
      --waiting_;
    }
  };
  start(receives_, [this](Operation& receive) { return start_recv(receive); });
  for (Peer& peer : peers_) start(peer.waiting, [this](Operation& send) { return start_send(send); });
}

void Messenger::progress() {
  std::array<fi_cq_entry, kCompletions> done;
  const ssize_t count = fi_cq_read(endpoint_.completions(), done.data(), done.size());
  if (count == -FI_EAVAIL) report_failure();
  if (count != -FI_EAGAIN) check(count, "fi_cq_read");
  for (ssize_t i = 0; i < count; ++i) finish(done[static_cast<std::size_t>(i)].op_context);
  if (waiting_ > 0) start_waiting();
}

Messenger::Operation& Messenger::of(void* context) {
  return *static_cast<Operation*>(static_cast<fi_context2*>(context));
}

void Messenger::finish(void* context) {
  Operation& operation = of(context);
  --operation.pending->count;
  --peers_[static_cast<std::size_t>(operation.peer)].outstanding;
  free_.push_front(operation);
}

void Messenger::report_failure() {
  fi_cq_err_entry error{};
  check(fi_cq_readerr(endpoint_.completions(), &error, 0), "fi_cq_readerr");
  hear_of_losses(world_);
  std::array<char, 256> words{};
  fi_cq_strerror(endpoint_.completions(), error.prov_errno, error.err_data, words.data(), words.size());
  std::string with;
  if (error.op_context != nullptr) {
    const int peer = of(error.op_context).peer;
    with = fmt::format(" with rank {} on {}", peer, peers_[static_cast<std::size_t>(peer)].host);
  }
  throw TransportError(fmt::format("ofi: a message{}: {} ({})", with, library().strerror(error.err), words.data()));
}

void Messenger::connect(const std::vector<std::string>& hosts) {
  agree_on_provider();
  std::string mine;
  together(world_, [&] { mine = endpoint_.address(); });
  const std::vector<std::string> addresses = world_.allgather(mine);
  together(world_, [&] {
    for (std::size_t rank = 0; rank < peers_.size(); ++rank) {
      peers_[rank].host = hosts[rank];
      peers_[rank].address = endpoint_.learn(addresses[rank]);
    }
  });
}

std::map<std::string, std::string> Messenger::facts() const {
  return {{"provider", endpoint_.domain().info().fabric_attr->prov_name}};
}

void Messenger::agree_on_provider() {
  const std::vector<std::string> names = world_.allgather(endpoint_.domain().info().fabric_attr->prov_name);
  for (std::size_t rank = 1; rank < names.size(); ++rank)
    if (names[rank] != names.front())
      throw TransportError(fmt::format("ofi: rank 0 has the provider {} and rank {} has {}: name one by --ofi-provider",
                                       names.front(), rank, names[rank]));
}

}  // namespace weft::ofi
