#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>

#include "core/descriptor.hpp"
#include "core/units.hpp"
#include "transports/tcp/address.hpp"

namespace weft::tcp {

/// 128 random bits that only the ranks of this run know, another for each rank: the World carries them.
using Token = std::array<std::uint8_t, 16>;

Token random_token();
std::string text_of(const Token& token);  ///< 32 hexadecimal digits
Token token_of(std::string_view text);    ///< of such a text

/// The first bytes of a connection, from who connects. The answer is the token of who connected: so both know that the
/// other is of this run.
struct Hello {
  std::array<char, 8> magic = {'w', 'e', 'f', 't', '-', 't', 'c', 'p'};
  std::uint32_t order = 0x01020304;  ///< hosts of another byte order are strangers
  std::uint32_t rank = 0;            ///< who connects
  std::uint32_t stream = 0;
  std::uint32_t unused = 0;
  Token token = {};  ///< of who is connected to
};
static_assert(sizeof(Hello) == 40);

/// The listening end: admits connections that say a Hello which `accept` takes, and drops strangers: who says something
/// else, who says nothing for kPatience, and the oldest of more than kMostHalfOpen that have yet to say who they are.
class Door {
 public:
  static constexpr Nanoseconds kPatience = 2'000'000'000;
  static constexpr std::size_t kMostHalfOpen = 128;

  /// Listens at the address, at a port of the kernel's choice. Throws TransportError.
  explicit Door(Address address);

  const Address& address() const { return address_; }

  /// Goes on with whoever is at the door; returns soon. A complete Hello is given to `accept` with its socket.
  void admit(const std::function<void(const Hello&, Descriptor)>& accept);

  std::size_t half_open() const { return guests_.size(); }

 private:
  struct Guest {
    Descriptor socket;
    Nanoseconds until;
    std::size_t heard = 0;
    std::array<std::byte, sizeof(Hello)> said;
  };

  /// Whether the guest has yet more to say; else it was accepted or is to be dropped.
  static bool listen_to(Guest& guest, const std::function<void(const Hello&, Descriptor)>& accept);

  Descriptor listener_;
  Address address_;
  std::list<Guest> guests_;  // the oldest first
};

/// The connecting end of one connection: tries until the other side has answered.
class Caller {
 public:
  Caller(const Address& to, const Hello& hello, const Token& answer) : to_(to), hello_(hello), answer_(answer) {}

  /// Goes on; returns soon. True once the other side has answered as it ought to.
  bool advance();
  Descriptor take() { return std::move(socket_); }
  int last_error() const { return error_; }  ///< errno of the last attempt that failed, 0 where there was none

 private:
  enum class State : std::uint8_t { resting, connecting, awaiting_answer, done };

  bool begin();
  bool finish_connecting();
  bool hear_answer();
  bool rest(int error);

  Address to_;
  Hello hello_;
  Token answer_;
  Descriptor socket_;
  State state_ = State::resting;
  Nanoseconds until_ = 0;
  std::size_t heard_ = 0;
  Token said_ = {};
  int error_ = 0;
};

}  // namespace weft::tcp
