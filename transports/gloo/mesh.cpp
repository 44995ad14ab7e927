#include "transports/gloo/mesh.hpp"

#include <csignal>

#include <gloo/transport/address.h>
#include <gloo/transport/context.h>
#include <gloo/transport/tcp/device.h>

#include "core/system.hpp"
#include "transports/gloo/check.hpp"
#include "worlds/together.hpp"

namespace weft::gloo {
namespace {

/// Who does not come is named by Gloo, before the World's own time-out is over.
std::chrono::milliseconds time_to_connect(Nanoseconds timeout) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(timeout / 3 * 2));
}

}  // namespace

Mesh::Mesh(World& world, const TransportOptions& options)
    : ::gloo::Context(world.rank(), world.ranks()), choice_(world, "gloo", options.tcp.interface) {
  std::signal(SIGPIPE, SIG_IGN);  // Gloo writes to peers that may be gone as if nobody got this signal
  raise_open_files();
  std::string mine;
  together(world, [&] { mine = listen(time_to_connect(options.timeout)); });
  const std::vector<std::string> addresses = world.allgather(mine);
  together(world, [&] { connect(addresses); });
  setTimeout(kUnlimited);
}

/// At an address for each other rank: all of them, in the order of the ranks, each of the same length.
std::string Mesh::listen(std::chrono::milliseconds patience) {
  const std::string address = choice_.address().text();
  std::string all;
  checked("listening", [&] {
    device_ = ::gloo::transport::tcp::CreateDevice(::gloo::transport::tcp::attr(address.c_str()));
    transportContext_ = device_->createContext(rank, size);
    transportContext_->setTimeout(patience);
    for (int peer = 0; peer < size; ++peer) {
      if (peer == rank) continue;
      const std::vector<char> one = transportContext_->createPair(peer)->address().bytes();
      all.append(one.begin(), one.end());
    }
  });
  return all;
}

/// In the order of the ranks, on all of them: none then waits for one that waits for it.
void Mesh::connect(const std::vector<std::string>& addresses) {
  for (int peer = 0; peer < size; ++peer) {
    if (peer == rank) continue;
    const std::string& theirs = addresses[static_cast<std::size_t>(peer)];
    const std::size_t length = theirs.size() / static_cast<std::size_t>(size - 1);
    const auto mine = theirs.begin() + static_cast<std::ptrdiff_t>(length) * (rank < peer ? rank : rank - 1);
    const std::string doing = "connecting with rank " + std::to_string(peer) + " on " + host_of(peer);
    checked(doing.c_str(), [&] {
      transportContext_->getPair(peer)->connect(std::vector<char>(mine, mine + static_cast<std::ptrdiff_t>(length)));
    });
  }
}

}  // namespace weft::gloo
