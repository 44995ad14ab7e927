#pragma once

#include <deque>
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
  /// `world` is asked what became of a peer that is lost. Throws TransportError.
  Messenger(World& world, std::shared_ptr<Context> context);
  /// Lets go of what is outstanding, and of the peers, who may have gone already: within a second at most.
  ~Messenger();
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;

  /// Connects with every rank, and sends each a message, so that no later one has to connect. Collective. Throws
  /// TransportError, then on all ranks, and what the World throws.
  void connect();

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending);
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending);
  void progress();
  /// Whether something is outstanding.
  bool busy() const;

 private:
  struct Peer {
    Messenger* messenger = nullptr;
    int rank = 0;
    std::string host;
    ucp_ep_h endpoint = nullptr;
    bool tells_of_loss = false;     // its endpoint has UCX's handling of errors
    int outstanding = 0;            // operations
    ucs_status_t failure = UCS_OK;  // of the endpoint, or of an operation
  };
  struct Operation {
    Operation* next = nullptr;  // of the free ones
    Peer* peer = nullptr;
    Pending* pending = nullptr;  // null: free
    void* request = nullptr;     // UCX's
    bool receives = false;
  };

  static void sent(void* request, ucs_status_t status, void* operation);
  static void received(void* request, ucs_status_t status, const ucp_tag_recv_info_t* info, void* operation);
  static void lost(void* peer, ucp_ep_h endpoint, ucs_status_t status);

  void add_operations();
  Operation* begin(Peer& peer, bool receives, Pending& pending);
  void started(Operation* operation, void* request, const char* call);
  void ended(Operation* operation, ucs_status_t status);
  void release(Operation* operation);

  std::string address() const;
  void open_endpoint(Peer& peer, const std::string& address, bool neighbour);
  void greet();
  void report_failure();
  void abandon();
  void close_endpoints();

  World& world_;
  std::shared_ptr<Context> context_;
  ucp_worker_h worker_ = nullptr;
  std::vector<Peer> peers_;
  std::deque<Operation> operations_;
  Operation* free_ = nullptr;
  bool failed_ = false;  // some peer has a failure
  Pending abandoned_;    // of those that outlive their owner
};

}  // namespace weft::ucx
