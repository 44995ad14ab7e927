#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/unit/transports/thread_ranks.hpp"
#include "transports/tcp/address.hpp"

namespace weft::tcp {
namespace {

using testing::HasSubstr;

/// A rank of two, whose other one is on a host that says it has these addresses.
class RankBesideAnotherHost final : public World {
 public:
  explicit RankBesideAnotherHost(std::string addresses) : addresses_(std::move(addresses)) {}
  std::string_view name() const override { return "threads"; }
  int rank() const override { return 0; }
  int ranks() const override { return 2; }
  std::vector<std::string> allgather(std::string_view mine) override {
    return {std::string(mine), "another:kernel:1 far" + addresses_};
  }
  void abort(std::string_view) noexcept override {}
  void check() override {}
  void set_deadline(Nanoseconds, const char*) override {}

 private:
  std::string addresses_;
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
  on_thread_ranks(3, [](World& world) { EXPECT_EQ(AddressChoice(world, "").address().text(), "127.0.0.1"); });
}

TEST(TcpAddress, IsTheOneWithTheRouteToAnotherHost) {
  RankBesideAnotherHost world(" 127.0.0.9");  // the kernel goes there from 127.0.0.1
  const AddressChoice choice(world, "");
  EXPECT_EQ(choice.address().text(), "127.0.0.1");
  EXPECT_EQ(choice.host(1), "far");
}

TEST(TcpAddress, IsToBeNamedWhereThereIsNoRoute) {
  RankBesideAnotherHost world("");
  try {
    AddressChoice(world, "").address();
    ADD_FAILURE() << "there is no address to be had";
  } catch (const TransportError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--tcp-interface"));
  }
  EXPECT_EQ(AddressChoice(world, "lo").address().text(), "127.0.0.1");
}

}  // namespace
}  // namespace weft::tcp
