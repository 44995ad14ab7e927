#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include <boost/intrusive/slist.hpp>

#include "transports/ofi/endpoint.hpp"
#include "worlds/world.hpp"

namespace weft::ofi {

/// Tagged messages of one rank with all others. The tag is channel and source; providers keep the order of what one
/// rank sends another (FI_ORDER_SAS), so it holds within a channel. What a provider has no room for waits here in
/// order: sends by peer, so that one that is slow does not keep messages from the others.
class Messenger {
 public:
  using Device = Domain;
  static constexpr const char* kName = "ofi";
  static constexpr int kGreetings = (1 << 24) - 1;  // providers have 48 bits of tag or more, 24 are the rank's

  /// `world` is asked what became of a peer that is lost. Throws TransportError.
  Messenger(World& world, std::shared_ptr<Domain> domain);
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;

  /// Makes the ranks, whose hosts these are, known to each other; providers connect two at their first message.
  /// Collective. Throws TransportError, then on all ranks, and what the World throws.
  void connect(const std::vector<std::string>& hosts);

  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending);
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending);
  void progress();
  /// Whether something is outstanding.
  bool busy() const;
  std::map<std::string, std::string> facts() const;

 private:
  /// As fi_context2 it is the provider's while it is under way.
  struct Operation : fi_context2, boost::intrusive::slist_base_hook<> {
    int peer = 0;
    int channel = 0;
    std::byte* data = nullptr;
    Bytes bytes = 0;
    Pending* pending = nullptr;
  };
  using Line = boost::intrusive::slist<Operation, boost::intrusive::cache_last<true>>;
  struct Peer {
    std::string host;
    fi_addr_t address = FI_ADDR_UNSPEC;
    Line waiting;         // sends that the provider has no room for
    int outstanding = 0;  // operations
  };

  void add_operations();
  Operation& begin(int peer, int channel, std::byte* data, Bytes bytes, Pending& pending);
  bool start_send(Operation& send);
  bool start_recv(Operation& receive);
  void start_waiting();
  static Operation& of(void* context);
  void finish(void* context);
  [[noreturn]] void report_failure();
  void agree_on_provider();

  World& world_;
  std::deque<Operation> operations_;  // outlive the endpoint, which may still write to their contexts
  Endpoint endpoint_;
  Bytes longest_;  // message of the provider
  std::vector<Peer> peers_;
  Line free_;
  Line receives_;    // that the provider has no room for
  int waiting_ = 0;  // operations in all lines of those
};

}  // namespace weft::ofi
