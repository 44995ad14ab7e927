#pragma once

#include <string>

#include <rdma/fabric.h>

namespace weft::ofi {

/// What libfabric exports; the rest of its interface is inline.
struct Library {
  decltype(&fi_getinfo) getinfo;
  decltype(&fi_freeinfo) freeinfo;
  decltype(&fi_dupinfo) dupinfo;
  decltype(&fi_fabric) fabric;
  decltype(&fi_strerror) strerror;
  decltype(&fi_version) version;
};

/// Loaded with the first call and not with the program: libraries of its providers (PSM) sleep for 0.1 s each when they
/// are loaded, and take the process's signals, which are given back here. Throws TransportError where it cannot be
/// loaded.
const Library& library();

/// "libfabric 1.17"
std::string version_of_library();

}  // namespace weft::ofi
