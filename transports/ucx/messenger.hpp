#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include <ucp/api/ucp.h>

#include "transports/ucx/context.hpp"
#include "worlds/world.hpp"

namespace weft::ucx {

/// Tagged messages of one rank: a worker, and an endpoint to every rank. The tag is channel and source, and matches
/// exactly, so UCX keeps the order within a channel. How a message travels is UCX's to choose.
class Messenger {
 public:
  using Device = Context;
  static constexpr const char* kName = "ucx";
  static constexpr int kGreetings = 0x7fffffff;

  /// `world` is asked what became of a peer that is lost. Throws TransportError.
  Messenger(World& world, std::shared_ptr<Context> context);
  /// Where nothing is outstanding. Lets go of the peers, who may have gone already: within a second at most.
  ~Messenger();
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;

  /// Makes the ranks, whose hosts these are, known to each other; UCX connects two at their first message. Collective.
  /// Throws TransportError, then on all ranks, and what the World throws.
  void connect(const std::vector<std::string>& hosts);

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending);
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending);
  void progress();
  /// Whether something is outstanding.
  bool busy() const;
  std::map<std::string, std::string> facts() const { return {}; }

 private:
  struct Peer {
    Messenger* messenger = nullptr;
    int rank = 0;
    std::string host;
    ucp_ep_h endpoint = nullptr;
    int outstanding = 0;            // operations
    ucs_status_t failure = UCS_OK;  // of the endpoint, or of an operation
  };
  struct Operation {
    Operation* next = nullptr;  // of the free ones
    Peer* peer = nullptr;
    Pending* pending = nullptr;
  };

  static void sent(void* request, ucs_status_t status, void* operation);
  static void received(void* request, ucs_status_t status, const ucp_tag_recv_info_t* info, void* operation);
  static void lost(void* peer, ucp_ep_h endpoint, ucs_status_t status);

  void add_operations();
  Operation* begin(Peer& peer, Pending& pending);
  void started(Operation* operation, void* request, const char* call);
  void ended(Operation* operation, ucs_status_t status);

  std::string address() const;
  void open_endpoint(Peer& peer, const std::string& address, bool neighbour);
  void report_failure();
  void close_endpoints();

  World& world_;
  int rank_;  // asked for with each message
  std::shared_ptr<Context> context_;
  ucp_worker_h worker_ = nullptr;
  std::vector<Peer> peers_;
  std::deque<Operation> operations_;
  Operation* free_ = nullptr;
  bool failed_ = false;  // some peer has a failure
};

}  // namespace weft::ucx
