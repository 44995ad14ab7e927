#pragma once

#include <cstddef>
#include <string>

#include "core/descriptor.hpp"
#include "core/units.hpp"
#include "worlds/env/rendezvous.hpp"

namespace weft::env {

/// Whether the place of rank 0 is written as an address that this host does not have: that of a service, behind which
/// it stands, or a mistake.
bool is_elsewhere(const std::string& host);

/// A socket that listens at the rendezvous, not blocking: at the address where one is written there, at every address
/// of this host where it is a name (which may stand for another address here than elsewhere), or is_elsewhere. Throws
/// UsageError.
Descriptor listen_at(const Rendezvous& rendezvous);

/// One try to reach the rendezvous, at each of its addresses (from rank 0, where it is a name or elsewhere, which this
/// host need not know: over the loopback), until the monotonic time `until`. Not blocking from then
/// on. Without a descriptor where it failed; `why` then says so.
Descriptor connect_to(const Rendezvous& rendezvous, Nanoseconds until, std::string& why);

/// Lets the kernel find out, without this process's help, that the other end is not to be reached any more: within
/// about five eighths of the time-out, 4 s at least. No delay for small messages.
void watch_connection(int fd, Nanoseconds timeout);

/// Sends all, or receives exactly so many bytes, until the monotonic time; false where the other end went away or the
/// time is over.
bool send_all(int fd, const void* data, std::size_t bytes, Nanoseconds until);
bool receive_all(int fd, void* data, std::size_t bytes, Nanoseconds until);

}  // namespace weft::env
