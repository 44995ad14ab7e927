#pragma once

#include <memory>

#include <ucp/api/ucp.h>

#include "transports/communicator.hpp"

namespace weft::ucx {

/// The devices that UCX may use in this process (UCX_TLS, UCX_NET_DEVICES). Not before the rank is a process of its
/// own: it opens devices, which do not survive a fork.
class Context {
 public:
  /// For connections to so many ranks. Throws TransportError.
  explicit Context(int ranks);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  ucp_context_h get() const { return context_; }

 private:
  ucp_context_h context_ = nullptr;
};

/// As allocate_pages(), and registered with every device that wants it, so that no message has to do that. Throws
/// TransportError.
Memory new_pages(const std::shared_ptr<Context>& context, Bytes bytes, MemoryKind kind);

}  // namespace weft::ucx
