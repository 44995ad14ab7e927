#include "transports/ucx/messenger.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "transports/ucx/check.hpp"
#include "worlds/together.hpp"

namespace weft::ucx {
namespace {

constexpr int kOperationsAtATime = 4096;
constexpr Nanoseconds kLeavingLimit = 1'000'000'000;
constexpr ucp_tag_t kWholeTag = ~ucp_tag_t{0};

ucp_tag_t tag_of(int source, int channel) {
  return static_cast<ucp_tag_t>(channel) << 32 | static_cast<ucp_tag_t>(source);
}

/// Of a message that calls back for `operation`. Payload is the host's, which UCX would look up for each where it knows
/// of devices.
ucp_request_param_t param_of(void* operation) {
  ucp_request_param_t param;
  param.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA | UCP_OP_ATTR_FIELD_MEMORY_TYPE;
  param.user_data = operation;
  param.memory_type = UCS_MEMORY_TYPE_HOST;
  return param;
}

}  // namespace

Messenger::Messenger(World& world, std::shared_ptr<Context> context)
    : world_(world),
      rank_(world.rank()),
      context_(std::move(context)),
      peers_(static_cast<std::size_t>(world.ranks())) {
  add_operations();
  ucp_worker_params_t params{};
  params.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
  params.thread_mode = UCS_THREAD_MODE_SINGLE;
  check_opening(ucp_worker_create(context_->get(), &params, &worker_), "ucp_worker_create");
}

Messenger::~Messenger() {
  close_endpoints();
  ucp_worker_destroy(worker_);
}

void Messenger::add_operations() {
  for (int i = 0; i < kOperationsAtATime; ++i) {
    Operation& operation = operations_.emplace_back();
    operation.next = free_;
    free_ = &operation;
  }
}

Messenger::Operation* Messenger::begin(Peer& peer, Pending& pending) {
  if (free_ == nullptr) add_operations();
  Operation* const operation = free_;
  free_ = operation->next;
  operation->peer = &peer;
  operation->pending = &pending;
  ++pending.count;
  ++peer.outstanding;
  return operation;
}

/// What UCX answered to a post: of a request, it calls back or has done so.
void Messenger::started(Operation* operation, void* request, const char* call) {
  if (request == nullptr) return ended(operation, UCS_OK);
  if (UCS_PTR_IS_ERR(request)) {
    ended(operation, UCS_PTR_STATUS(request));
    check(UCS_PTR_STATUS(request), call);
  }
}

/// One that failed stays outstanding for its owner: progress() throws before that is waited for.
void Messenger::ended(Operation* operation, ucs_status_t status) {
  Peer& peer = *operation->peer;
  if (status == UCS_OK) {
    --operation->pending->count;
    --peer.outstanding;
  } else {
    peer.failure = status;
    failed_ = true;
  }
  operation->next = free_;
  free_ = operation;
}

void Messenger::sent(void* request, ucs_status_t status, void* operation) {
  auto* const done = static_cast<Operation*>(operation);
  done->peer->messenger->ended(done, status);
  ucp_request_free(request);
}

void Messenger::received(void* request, ucs_status_t status, const ucp_tag_recv_info_t*, void* operation) {
  sent(request, status, operation);
}

void Messenger::lost(void* peer, ucp_ep_h, ucs_status_t status) {
  auto* const gone = static_cast<Peer*>(peer);
  gone->failure = status;
  gone->messenger->failed_ = true;
}

void Messenger::post_send(int peer_rank, int channel, const std::byte* data, Bytes bytes, Pending& pending) {
  Peer& peer = peers_[static_cast<std::size_t>(peer_rank)];
  Operation* const operation = begin(peer, pending);
  ucp_request_param_t param = param_of(operation);
  param.cb.send = sent;
  started(operation, ucp_tag_send_nbx(peer.endpoint, data, bytes, tag_of(rank_, channel), &param), "ucp_tag_send_nbx");
}

void Messenger::post_recv(int peer_rank, int channel, std::byte* into, Bytes bytes, Pending& pending) {
  Operation* const operation = begin(peers_[static_cast<std::size_t>(peer_rank)], pending);
  ucp_request_param_t param = param_of(operation);
  param.cb.recv = received;
  started(operation, ucp_tag_recv_nbx(worker_, into, bytes, tag_of(peer_rank, channel), kWholeTag, &param),
          "ucp_tag_recv_nbx");
}

void Messenger::progress() {
  ucp_worker_progress(worker_);
  if (failed_) report_failure();
}

bool Messenger::busy() const {
  return std::any_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.outstanding > 0; });
}

/// A peer of whom nothing is awaited may leave.
void Messenger::report_failure() {
  for (const Peer& peer : peers_) {
    if (peer.failure == UCS_OK || peer.outstanding == 0) continue;
    hear_of_losses(world_);
    throw TransportError(
        fmt::format("ucx: messages with rank {} on {}: {}", peer.rank, peer.host, ucs_status_string(peer.failure)));
  }
}

void Messenger::connect(const std::vector<std::string>& hosts) {
  std::string mine;
  together(world_, [&] { mine = address(); });
  const std::vector<std::string> addresses = world_.allgather(mine);
  together(world_, [&] {
    for (std::size_t rank = 0; rank < peers_.size(); ++rank) {
      Peer& peer = peers_[rank];
      peer.messenger = this;
      peer.rank = static_cast<int>(rank);
      peer.host = hosts[rank];
      open_endpoint(peer, addresses[rank], peer.host == hosts[static_cast<std::size_t>(world_.rank())]);
    }
  });
}

std::string Messenger::address() const {
  ucp_address_t* address = nullptr;
  std::size_t length = 0;
  check_opening(ucp_worker_get_address(worker_, &address, &length), "ucp_worker_get_address");
  std::string copy(reinterpret_cast<const char*>(address), length);
  ucp_worker_release_address(worker_, address);
  return copy;
}

/// UCX's handling of errors rules out its shared memory, which is what a neighbour is reached by; whether a neighbour
/// lives, the supervisor of this host knows.
void Messenger::open_endpoint(Peer& peer, const std::string& address, bool neighbour) {
  ucp_ep_params_t params{};
  params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS | UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE;
  params.address = reinterpret_cast<const ucp_address_t*>(address.data());
  params.err_mode = UCP_ERR_HANDLING_MODE_NONE;
  if (!neighbour) {
    params.field_mask |= UCP_EP_PARAM_FIELD_ERR_HANDLER;
    params.err_mode = UCP_ERR_HANDLING_MODE_PEER;
    params.err_handler = {.cb = lost, .arg = &peer};
  }
  check_opening(ucp_ep_create(worker_, &params, &peer.endpoint), "ucp_ep_create");
}

/// One that has failed is cut: who is gone flushes nothing.
void Messenger::close_endpoints() {
  std::vector<void*> closing;
  for (const Peer& peer : peers_) {
    if (peer.endpoint == nullptr) continue;
    ucp_request_param_t param;
    param.op_attr_mask = UCP_OP_ATTR_FIELD_FLAGS;
    param.flags = peer.failure != UCS_OK ? UCP_EP_CLOSE_FLAG_FORCE : 0;
    void* const request = ucp_ep_close_nbx(peer.endpoint, &param);
    if (UCS_PTR_IS_PTR(request)) closing.push_back(request);
  }
  const Nanoseconds until = monotonic_now() + kLeavingLimit;
  for (void* const request : closing) {
    while (ucp_request_check_status(request) == UCS_INPROGRESS && monotonic_now() < until) ucp_worker_progress(worker_);
    ucp_request_free(request);
  }
}

}  // namespace weft::ucx
