#pragma once

#include <string>

namespace weft {

/// What the `tcp` transport is asked for, and of it the interface `gloo`; other transports ignore it.
struct TcpOptions {
  int streams = 1;  ///< connections between two ranks, 1 to kMostTcpStreams
  std::string
      interface;  ///< name, address or subnet of the interface that each host uses; empty: the transport chooses
};

inline constexpr int kMostTcpStreams = 64;

/// Why these options cannot be used on this host, as a sentence that names the flag and what there is; empty where they
/// can.
std::string flaw_of(const TcpOptions& options);

}  // namespace weft
