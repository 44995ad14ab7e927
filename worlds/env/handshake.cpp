#include "worlds/env/handshake.hpp"

#include <algorithm>
#include <cstddef>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/system.hpp"

namespace weft::env {
namespace {

template <typename Part>
void append(std::string& text, const Part& part, std::size_t bytes = sizeof(Part)) {
  text.append(reinterpret_cast<const char*>(&part), bytes);
}

Proof hmac_sha256(const std::string& key, const std::string& text) {
  Proof proof{};
  unsigned length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), proof.data(), &length) == nullptr ||
      length != proof.size())
    throw TransportError("libcrypto cannot make an HMAC-SHA256");
  return proof;
}

bool same(const Proof& a, const Proof& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

Nonce random_nonce() {
  Nonce nonce{};
  if (RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1)
    throw TransportError("libcrypto has no random bytes");
  return nonce;
}

}  // namespace

Proof Secret::proof_of(const Greeting& greeting, const Introduction& introduction) const {
  std::string text = "to the hub";
  append(text, greeting);
  append(text, introduction, offsetof(Introduction, proof));
  return hmac_sha256(text_, text);
}

Proof Secret::proof_of(const Greeting& greeting, const Introduction& introduction, Admission admission) const {
  std::string text = "from the hub";
  append(text, greeting);
  append(text, introduction);
  append(text, admission);
  return hmac_sha256(text_, text);
}

void Secret::sign(const Greeting& greeting, Introduction& introduction) const {
  introduction.proof = proof_of(greeting, introduction);
}

bool Secret::proves(const Greeting& greeting, const Introduction& introduction) const {
  return introduction.magic == kMagic && same(introduction.proof, proof_of(greeting, introduction));
}

void Secret::sign(const Greeting& greeting, const Introduction& introduction, Answer& answer) const {
  answer.proof = proof_of(greeting, introduction, answer.admission);
}

bool Secret::proves(const Greeting& greeting, const Introduction& introduction, const Answer& answer) const {
  return same(answer.proof, proof_of(greeting, introduction, answer.admission));
}

Greeting make_greeting() { return {.magic = kMagic, .nonce = random_nonce()}; }

Introduction introduce(Role role, int rank, int ranks) {
  Introduction introduction{.magic = kMagic,
                            .nonce = random_nonce(),
                            .role = role,
                            .rank = rank,
                            .ranks = ranks,
                            .pid = static_cast<std::int32_t>(getpid()),
                            .host = {},
                            .proof = {}};
  const std::string host = host_name();
  std::copy_n(host.begin(), std::min(host.size(), introduction.host.size() - 1), introduction.host.begin());
  return introduction;
}

}  // namespace weft::env
