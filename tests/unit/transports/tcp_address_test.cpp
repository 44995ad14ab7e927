#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/transports/thread_ranks.hpp"
#include "transports/tcp/address.hpp"

namespace weft::tcp {
namespace {

using testing::MatchesRegex;

/// A rank of two, whose other one is on a host that says it has these addresses.
class RankBesideAnotherHost final : public World {
 public:
  /// `has_mine`: it has this host's addresses too, which come first.
  explicit RankBesideAnotherHost(std::string addresses, bool has_mine = false)
      : addresses_(std::move(addresses)), has_mine_(has_mine) {}
  std::string_view name() const override { return "threads"; }
  int rank() const override { return 0; }
  int ranks() const override { return 2; }
  std::vector<std::string> allgather(std::string_view mine) override {
    const std::size_t name = mine.find(' ');
    const std::size_t first = std::min(mine.find(' ', name + 1), mine.size());
    return {std::string(mine),
            "another:kernel:1 far" + (has_mine_ ? std::string(mine.substr(first)) : "") + addresses_};
  }
  void abort(std::string_view) noexcept override {}
  void check() override {}
  void set_deadline(Nanoseconds, const char*) override {}

 private:
  std::string addresses_;
  bool has_mine_;
};

TEST(TcpAddress, IsReadAndWritten) {
  for (const char* text : {"127.0.0.1", "10.1.2.3", "::1", "2001:db8::7"}) {
    std::optional<Address> address = parse_address(text);
    ASSERT_TRUE(address) << text;
    address->set_port(4711);
    EXPECT_EQ(address->port(), 4711);
    EXPECT_EQ(address->text(), text);
    EXPECT_EQ(address->is_loopback(), text == std::string("127.0.0.1") || text == std::string("::1"));
  }
  for (const char* text : {"", "lo", "10.1.2", "10.1.2.3:80", "::g"}) EXPECT_FALSE(parse_address(text)) << text;
}

TEST(TcpAddress, IsLoopbackWhereAllRanksAreHere) {
  on_thread_ranks(3, [](World& world) { EXPECT_EQ(AddressChoice(world, "tcp", "").address().text(), "127.0.0.1"); });
}

TEST(TcpAddress, IsTheOneWithTheRouteToAnotherHost) {
  RankBesideAnotherHost world(" 127.0.0.9");  // the kernel goes there from 127.0.0.1
  const AddressChoice choice(world, "tcp", "");
  EXPECT_EQ(choice.address().text(), "127.0.0.1");
  EXPECT_EQ(choice.host(1), "far");
}

TEST(TcpAddress, IsNoneThatEveryHostHas) {
  RankBesideAnotherHost world(" 127.0.0.9", true);
  EXPECT_EQ(AddressChoice(world, "tcp", "").address().text(), "127.0.0.1");
}

TEST(TcpAddress, IsFoundByItsSubnet) {
  struct Case {
    const char* subnet;
    const char* address;
    bool contains;
  };
  for (const Case& one : {Case{"10.0.0.0/24", "10.0.0.255", true}, Case{"10.0.0.0/24", "10.0.1.0", false},
                          Case{"10.0.4.0/22", "10.0.7.9", true}, Case{"10.0.4.0/22", "10.0.8.0", false},
                          Case{"0.0.0.0/0", "192.0.2.1", true}, Case{"10.0.0.1/32", "10.0.0.0", false},
                          Case{"fd00:1::/20", "fd00:fff::1", true}, Case{"fd00:1::/20", "fd00:1000::1", false},
                          Case{"0.0.0.0/0", "::1", false}})
    EXPECT_EQ(parse_subnet(one.subnet)->contains(*parse_address(one.address)), one.contains)
        << one.subnet << " " << one.address;
  for (const char* text : {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8x", "eth0/8", "fd00::/129"})
    EXPECT_FALSE(parse_subnet(text)) << text;
  EXPECT_EQ(find_interface("127.0.0.0/8")->text(), "127.0.0.1");
  EXPECT_FALSE(find_interface("198.51.100.0/24"));
}

/// What a transport of TCP's says that has no address.
std::string no_address(World& world, std::string_view transport, std::string_view interface) {
  try {
    AddressChoice(world, transport, interface).address();
  } catch (const TransportError& error) {
    return error.what();
  }
  return "there is one";
}

TEST(TcpAddress, IsToBeNamedWhereThereIsNoRoute) {
  RankBesideAnotherHost world("");
  EXPECT_THAT(no_address(world, "tcp", ""), MatchesRegex("tcp: host .* has no route .* by --tcp-interface"));
  EXPECT_THAT(no_address(world, "gloo", ""), MatchesRegex("gloo: host .* has no route .* by --tcp-interface"));
  EXPECT_THAT(no_address(world, "gloo", "weft9"), MatchesRegex("gloo: --tcp-interface weft9: host .* any more"));
  EXPECT_EQ(AddressChoice(world, "tcp", "lo").address().text(), "127.0.0.1");
}

}  // namespace
}  // namespace weft::tcp
