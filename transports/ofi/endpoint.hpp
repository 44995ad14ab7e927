#pragma once

#include <map>
#include <memory>
#include <string>

#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>

#include "transports/communicator.hpp"
#include "transports/ofi/provider.hpp"

namespace weft::ofi {

struct Close {
  template <typename Object>
  void operator()(Object* object) const {
    fi_close(&object->fid);
  }
};
template <typename Object>
using Owned = std::unique_ptr<Object, Close>;

/// A provider's device as this rank opened it, and the memory that it knows.
class Domain {
 public:
  /// Throws TransportError.
  explicit Domain(Info info);

  const fi_info& info() const { return *info_; }
  fi_info* mutable_info() const { return info_.get(); }  // libfabric takes what it only reads without const
  fid_fabric* fabric() const { return fabric_.get(); }
  fid_domain* get() const { return domain_.get(); }

  /// Makes messages to and from these bytes possible until forget(). Throws TransportError.
  void learn(std::byte* begin, Bytes bytes);
  void forget(std::byte* begin);
  /// What libfabric wants to be given along with a buffer that lies in memory that was learned.
  void* descriptor(const std::byte* data) const;

 private:
  bool registers() const { return (info_->domain_attr->mr_mode & FI_MR_LOCAL) != 0; }

  Info info_;
  Owned<fid_fabric> fabric_;
  Owned<fid_domain> domain_;
  std::map<const std::byte*, Owned<fid_mr>> regions_;  // by their first byte
  std::uint64_t next_key_ = 1;
};

/// As allocate_pages(), for messages over this domain. Throws TransportError.
Memory new_pages(const std::shared_ptr<Domain>& domain, Bytes bytes, MemoryKind kind);

/// A rank's end of all its messages.
class Endpoint {
 public:
  /// To so many ranks. Throws TransportError.
  Endpoint(std::shared_ptr<Domain> domain, int ranks);

  const Domain& domain() const { return *domain_; }
  fid_ep* get() const { return endpoint_.get(); }
  fid_cq* completions() const { return completions_.get(); }

  std::string address() const;
  /// The other's address() as the calls that send take it.
  fi_addr_t learn(const std::string& address);

 private:
  std::shared_ptr<Domain> domain_;
  Owned<fid_av> addresses_;
  Owned<fid_cq> completions_;
  Owned<fid_ep> endpoint_;
};

}  // namespace weft::ofi
