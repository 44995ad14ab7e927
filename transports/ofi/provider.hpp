#pragma once

#include <memory>
#include <string>
#include <vector>

#include <rdma/fabric.h>

#include "transports/ofi/library.hpp"

namespace weft::ofi {

struct FreeInfo {
  void operator()(fi_info* info) const { library().freeinfo(info); }
};
using Info = std::unique_ptr<fi_info, FreeInfo>;

/// Names of the providers of this host that have reliable datagram endpoints (FI_EP_RDM) with tagged messages, each
/// once, in libfabric's order. Not before the rank is a process of its own: libfabric opens devices.
std::vector<std::string> providers();

/// The first of them, or the first that goes by this name ("tcp" is also "tcp;ofi_rxm"); null where there is none.
Info find_provider(const std::string& name);

/// Why there is no provider with this name, as a sentence; empty where there is one.
std::string lacks_provider(const std::string& name);

}  // namespace weft::ofi
