// The words of the world env: proofs and frames.
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "core/descriptor.hpp"
#include "core/error.hpp"
#include "worlds/env/frame.hpp"
#include "worlds/env/handshake.hpp"
#include "worlds/env/socket.hpp"

namespace weft::env {
namespace {

constexpr Nanoseconds kMoment = 1'000'000'000;

TEST(EnvHandshake, ProvesTheSecretAndAllThatWasSaid) {
  const Secret secret("open sesame");
  const Greeting greeting = make_greeting();
  Introduction introduction = introduce(Role::rank, 3, 8);
  secret.sign(greeting, introduction);
  EXPECT_TRUE(secret.proves(greeting, introduction));
  EXPECT_FALSE(Secret("open barley").proves(greeting, introduction));
  EXPECT_FALSE(secret.proves(make_greeting(), introduction)) << "a proof can be used again";
  Introduction other = introduction;
  other.rank = 4;
  EXPECT_FALSE(secret.proves(greeting, other));

  Answer answer{.admission = Admission::welcome, .proof = {}};
  secret.sign(greeting, introduction, answer);
  EXPECT_TRUE(secret.proves(greeting, introduction, answer));
  EXPECT_NE(answer.proof, introduction.proof);
  answer.admission = Admission::taken;
  EXPECT_FALSE(secret.proves(greeting, introduction, answer));
}

TEST(EnvHandshake, NeverSaysTheSame) {
  EXPECT_NE(make_greeting().nonce, make_greeting().nonce);
  EXPECT_NE(introduce(Role::rank, 0, 1).nonce, introduce(Role::rank, 0, 1).nonce);
}

/// Two ends of a connection.
struct Pair {
  Pair() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw std::runtime_error("no socket pair");
    here = Descriptor(ends[0]);
    there = Descriptor(ends[1]);
  }
  void say(std::string_view text) const { send_all(here.get(), text.data(), text.size(), monotonic_now() + kMoment); }
  Descriptor here, there;
};

TEST(EnvFrame, ComesOutWholeHoweverItArrives) {
  const Pair pair;
  FrameReader reader(1000);
  const std::string sent = make_frame(FrameKind::blob, 1, "one") + make_frame(FrameKind::left, 7, "");
  for (const char byte : sent.substr(0, sent.size() - 1)) {
    pair.say({&byte, 1});
    EXPECT_EQ(reader.read(pair.there.get()), FrameReader::State::open);
  }
  const auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->payload, "one");
  EXPECT_FALSE(reader.next());
  pair.say({&sent.back(), 1});
  reader.read(pair.there.get());
  const auto second = reader.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->kind, FrameKind::left);
  EXPECT_EQ(second->about, 7);
}

TEST(EnvFrame, ThatIsTooLargeOrNoneIsRefused) {
  for (const std::string& text :
       {make_frame(FrameKind::blob, 0, std::string(1001, 'x')), std::string(64, '\xff'), std::string(64, '\0')}) {
    const Pair pair;
    FrameReader reader(1000);
    pair.say(text);
    EXPECT_EQ(reader.read(pair.there.get()), FrameReader::State::broken);
  }
}

TEST(EnvFrame, CarriesBlobsAndNotices) {
  const std::vector<std::string> blobs = {"a", "", std::string("\0b", 2)};
  EXPECT_EQ(unpack_blobs(pack(blobs)), blobs);
  EXPECT_THROW(unpack_blobs(pack(blobs).substr(1)), TransportError);
  const EarlyNotice notice = unpack_notice(pack(EarlyNotice{3, 5, true, "the disk is full"}));
  EXPECT_EQ(notice.rank, 3);
  EXPECT_EQ(notice.code, 5);
  EXPECT_TRUE(notice.timed_out);
  EXPECT_EQ(notice.text, "the disk is full");
  EXPECT_EQ(unpack_notice("").rank, -1);
}

}  // namespace
}  // namespace weft::env
