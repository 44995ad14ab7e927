#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

#include "core/descriptor.hpp"
#include "worlds/world.hpp"

namespace weft::tcp {

/// An IPv4 or IPv6 address with a port.
struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  bool is_loopback() const;
  std::string text() const;  ///< "10.0.0.1", without the port
};

/// Reads "10.0.0.1" or "fe80::1"; nothing where the text is no address.
std::optional<Address> parse_address(std::string_view text);

struct Interface {
  std::string name;
  Address address;
  bool loopback = false;
};

/// A network by its prefix, as "10.0.0.0/24".
struct Subnet {
  Address address;
  unsigned bits = 0;

  bool contains(const Address& address) const;
};

/// Reads "10.0.0.0/24" or "fd00::/64"; nothing where the text is no subnet.
std::optional<Subnet> parse_subnet(std::string_view text);

/// This host's interfaces that are up and have a link, one entry for each address, IPv4 first. Without the link-local
/// addresses of IPv6, which mean nothing on another host.
std::vector<Interface> interfaces();

/// The address of the first interface with this name, this address, or an address in this subnet; nothing where there
/// is none.
std::optional<Address> find_interface(std::string_view text);

/// The address, port 0, at which this rank listens: of the interface that is named, else loopback where all ranks share
/// one network namespace, else the address that the kernel would take towards the first rank that is elsewhere. An
/// address that several hosts have (docker0's 172.17.0.1) leads to none of them and is left out.
class AddressChoice {
 public:
  /// `transport`: the name of the one that listens there. Collective.
  AddressChoice(World& world, std::string_view transport, std::string_view interface);

  /// Throws TransportError, that names transport and flag, where there is none, on this rank alone.
  Address address() const;
  const std::string& host(int rank) const { return hosts_[static_cast<std::size_t>(rank)]; }

 private:
  std::string transport_;
  std::string interface_;
  bool one_host_ = true;
  std::vector<std::string> hosts_;       // by rank
  std::vector<std::string> candidates_;  // addresses of the first rank that is elsewhere
  std::set<std::string> ambiguous_;      // addresses of more than one host
};

}  // namespace weft::tcp
