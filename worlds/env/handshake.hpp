#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace weft::env {

/// How a process and rank 0's hub show each other that they know the secret, which itself never travels:
///   hub -> process   Greeting: the hub's nonce
///   process -> hub   Introduction: the process's nonce, who it is, and a proof over all of it and the greeting
///   hub -> process   Answer: the verdict, and a proof over all that was said
/// A proof is HMAC-SHA256 (RFC 2104) under the secret, begun with the direction, so that none can be sent back. Nonces
/// are 32 random bytes each, so that none can be used again. Numbers are as the machine has them: both ends have one
/// byte order. What follows on the connection is neither signed nor encrypted.
inline constexpr std::array<char, 8> kMagic = {'w', 'e', 'f', 't', 'e', 'n', 'v', '1'};
using Nonce = std::array<unsigned char, 32>;
using Proof = std::array<unsigned char, 32>;

/// Which of a rank's two processes speaks on a connection.
enum class Role : std::int32_t { rank = 0, supervisor = 1 };

struct Greeting {
  std::array<char, 8> magic;
  Nonce nonce;
};

struct Introduction {
  std::array<char, 8> magic;
  Nonce nonce;
  Role role;
  std::int32_t rank;
  std::int32_t ranks;
  std::int32_t pid;
  std::array<char, 64> host;  ///< cut, ends with a zero
  Proof proof;
};

enum class Admission : std::int32_t {
  welcome = 0,
  wrong_secret = 1,  ///< the answer then has no proof
  taken = 2,         ///< a process of this rank is there already
  other_size = 3,    ///< rank 0 was told another number of ranks
};

struct Answer {
  Admission admission;
  Proof proof;
};

static_assert(sizeof(Greeting) == 40 && sizeof(Introduction) == 152 && sizeof(Answer) == 36, "no padding travels");

/// Proves, and checks proofs, under one secret.
class Secret {
 public:
  explicit Secret(std::string text) : text_(std::move(text)) {}

  /// Fills in the proof.
  void sign(const Greeting& greeting, Introduction& introduction) const;
  bool proves(const Greeting& greeting, const Introduction& introduction) const;
  void sign(const Greeting& greeting, const Introduction& introduction, Answer& answer) const;
  bool proves(const Greeting& greeting, const Introduction& introduction, const Answer& answer) const;

 private:
  Proof proof_of(const Greeting& greeting, const Introduction& introduction) const;
  Proof proof_of(const Greeting& greeting, const Introduction& introduction, Admission admission) const;

  std::string text_;
};

/// Throws TransportError where the system has no random bytes.
Greeting make_greeting();

/// Without the proof. Throws as make_greeting does.
Introduction introduce(Role role, int rank, int ranks);

}  // namespace weft::env
