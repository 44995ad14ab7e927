#pragma once

#include "core/descriptor.hpp"
#include "core/units.hpp"
#include "worlds/env/handshake.hpp"
#include "worlds/env/rendezvous.hpp"

namespace weft::env {

/// This process's connection to the hub, admitted. Tries again while nobody listens there or the hub has too many
/// strangers at the door, for `timeout` ns. Throws UsageError where the hub turns it away for good (another secret, a
/// rank that is there already), TransportError where the time is over.
Descriptor join(const Rendezvous& rendezvous, const Secret& secret, Role role, Nanoseconds timeout);

}  // namespace weft::env
