#include "transports/tcp/address.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <span>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include "core/error.hpp"
#include "core/system.hpp"
#include "core/text.hpp"

namespace weft::tcp {
namespace {

const sockaddr_in& as_v4(const Address& address) { return reinterpret_cast<const sockaddr_in&>(address.storage); }
const sockaddr_in6& as_v6(const Address& address) { return reinterpret_cast<const sockaddr_in6&>(address.storage); }

/// In network order, 4 or 16 of them.
std::span<const std::uint8_t> bytes_of(const Address& address) {
  if (address.family() == AF_INET)
    return {reinterpret_cast<const std::uint8_t*>(&as_v4(address).sin_addr), sizeof(in_addr)};
  return {reinterpret_cast<const std::uint8_t*>(&as_v6(address).sin6_addr), sizeof(in6_addr)};
}

socklen_t length_of(int family) { return family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6); }

/// Ranks with the same text reach each other over loopback: one kernel, one network namespace.
std::string network_identity() {
  struct stat space = {};
  stat("/proc/thread-self/ns/net", &space);
  return fmt::format("{}:{}:{}", boot_id(), space.st_dev, space.st_ino);
}

/// The address that this host would send from; nothing where there is no route.
std::optional<Address> source_towards(Address peer) {
  peer.set_port(9);  // no packet is sent, any port will do
  const Descriptor probe(socket(peer.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  Address mine;
  mine.length = sizeof mine.storage;
  if (!probe || connect(probe.get(), peer.get(), peer.length) != 0) return {};
  if (getsockname(probe.get(), mine.get(), &mine.length) != 0) return {};
  mine.set_port(0);
  return mine;
}

}  // namespace

std::uint16_t Address::port() const {
  return ntohs(family() == AF_INET ? as_v4(*this).sin_port : as_v6(*this).sin6_port);
}

void Address::set_port(std::uint16_t port) {
  if (family() == AF_INET)
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  else
    reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
}

bool Address::is_loopback() const {
  constexpr std::uint32_t kNet = 127;  // 127.0.0.0/8
  if (family() == AF_INET) return ntohl(as_v4(*this).sin_addr.s_addr) >> 24 == kNet;
  return IN6_IS_ADDR_LOOPBACK(&as_v6(*this).sin6_addr);
}

std::string Address::text() const {
  char text[INET6_ADDRSTRLEN] = "";
  const void* bytes = family() == AF_INET ? static_cast<const void*>(&as_v4(*this).sin_addr) : &as_v6(*this).sin6_addr;
  inet_ntop(family(), bytes, text, sizeof text);
  return text;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string zero_ended(text);
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (inet_pton(AF_INET, zero_ended.c_str(), &v4.sin_addr) == 1)
    address.storage.ss_family = AF_INET;
  else if (inet_pton(AF_INET6, zero_ended.c_str(), &v6.sin6_addr) == 1)
    address.storage.ss_family = AF_INET6;
  else
    return {};
  address.length = length_of(address.family());
  return address;
}

std::optional<Subnet> parse_subnet(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const std::optional<Address> address = parse_address(text.substr(0, slash));
  if (!address) return {};
  const auto bits = whole_number<unsigned>(text.substr(slash + 1));
  if (!bits || *bits > 8 * bytes_of(*address).size()) return {};
  return Subnet{.address = *address, .bits = *bits};
}

bool Subnet::contains(const Address& other) const {
  const auto mine = bytes_of(address);
  const auto theirs = bytes_of(other);
  if (mine.size() != theirs.size()) return false;
  for (std::size_t i = 0; i < mine.size() && 8 * i < bits; ++i) {
    const unsigned counted = std::min(bits - 8 * static_cast<unsigned>(i), 8U);
    if ((mine[i] ^ theirs[i]) >> (8 - counted) != 0) return false;
  }
  return true;
}

std::vector<Interface> interfaces() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, freeifaddrs);
  std::vector<Interface> found;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    constexpr unsigned kUsable = IFF_UP | IFF_RUNNING;
    if (each->ifa_addr == nullptr || (each->ifa_flags & kUsable) != kUsable) continue;
    const int family = each->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    Interface interface { .name = each->ifa_name, .address = {}, .loopback = (each->ifa_flags & IFF_LOOPBACK) != 0 };
    interface.address.length = length_of(family);
    std::memcpy(&interface.address.storage, each->ifa_addr, interface.address.length);
    interface.address.set_port(0);
    if (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&as_v6(interface.address).sin6_addr)) continue;
    found.push_back(std::move(interface));
  }
  std::stable_partition(found.begin(), found.end(),
                        [](const Interface& interface) { return interface.address.family() == AF_INET; });
  return found;
}

std::optional<Address> find_interface(std::string_view text) {
  const std::optional<Address> wanted = parse_address(text);
  const std::optional<Subnet> subnet = parse_subnet(text);
  for (const Interface& interface : interfaces())
    if (interface.name == text || (wanted && interface.address.text() == wanted->text()) ||
        (subnet && subnet->contains(interface.address)))
      return interface.address;
  return {};
}

AddressChoice::AddressChoice(World& world, std::string_view transport, std::string_view interface)
    : transport_(transport), interface_(interface) {
  const std::string identity = network_identity();
  std::vector<std::string> mine = {identity, host_name()};
  for (const Interface& each : interfaces())
    if (!each.loopback) mine.push_back(each.address.text());
  std::map<std::string, std::string> owners;  // of each address the first network that has it
  for (const std::string& blob : world.allgather(join(mine, " "))) {
    std::vector<std::string> words = split(blob, ' ');
    hosts_.push_back(words[1]);
    for (std::size_t i = 2; i < words.size(); ++i)
      if (owners.try_emplace(words[i], words[0]).first->second != words[0]) ambiguous_.insert(words[i]);
    if (words[0] == identity || !one_host_) continue;
    one_host_ = false;
    candidates_.assign(words.begin() + 2, words.end());
  }
}

Address AddressChoice::address() const {
  if (!interface_.empty()) {
    if (const std::optional<Address> named = find_interface(interface_)) return *named;
    throw TransportError(fmt::format("{}: --tcp-interface {}: host {} has no such interface any more", transport_,
                                     interface_, host_name()));
  }
  if (one_host_) return *parse_address("127.0.0.1");
  for (const std::string& candidate : candidates_) {
    if (ambiguous_.contains(candidate)) continue;
    const std::optional<Address> source = source_towards(*parse_address(candidate));
    if (source && !ambiguous_.contains(source->text())) return *source;
  }
  throw TransportError(fmt::format("{}: host {} has no route to the other ranks: name an interface by --tcp-interface",
                                   transport_, host_name()));
}

}  // namespace weft::tcp
