// The verifier finds each kind of fault: a good program is spoilt in one way, and what is found must name it.
#include "collectives/verify.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

/// Programs of all ranks whose steps can be changed at will.
class Spoilt {
 public:
  Spoilt(Collective collective, const char* algorithm, int ranks)
      : algorithm_(collectives::find(collective, algorithm)) {
    call_.collective = collective;
    call_.ranks = ranks;
    call_.count = 12;
    for (int rank = 0; rank < ranks; ++rank) {
      Call call = call_;
      call.rank = rank;
      programs_.push_back(build_program(algorithm_, call));
    }
  }

  Program& program(int rank) { return programs_[static_cast<std::size_t>(rank)]; }

  /// Replaces the rank's steps; a Lane is rebuilt from them as they are.
  void change(int rank, const std::function<void(std::vector<Step>&)>& how) {
    Lane& lane = program(rank).lanes[0];
    std::vector<Step> steps = lane.steps();
    how(steps);
    lane = Lane(lane.name(), std::move(steps));
  }

  Findings findings() const { return verify_programs(algorithm_, call_, programs_); }

 private:
  const Algorithm& algorithm_;
  Call call_;
  std::vector<Program> programs_;
};

std::size_t nth(const std::vector<Step>& steps, Action action, int n = 0) {
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (steps[i].action == action && n-- == 0) return i;
  throw std::logic_error("no such step");
}

void erase(std::vector<Step>& steps, std::size_t index) {
  steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(index));
}

TEST(Verify, AGoodProgramHasNoFindings) {
  EXPECT_THAT(Spoilt(Collective::all_reduce, "ring", 4).findings(), IsEmpty());
}

TEST(Verify, FindsADroppedReceive) {
  Spoilt spoilt(Collective::all_gather, "ring", 4);
  spoilt.change(1, [](auto& steps) { erase(steps, nth(steps, Action::recv, 2)); });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("no receive meets it")));
}

TEST(Verify, FindsADroppedSend) {
  Spoilt spoilt(Collective::all_gather, "ring", 4);
  spoilt.change(1, [](auto& steps) { erase(steps, nth(steps, Action::send, 2)); });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("no send meets it")));
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("rank 1 sends")));
}

TEST(Verify, FindsSwappedLengths) {
  Spoilt spoilt(Collective::all_reduce, "rabenseifner", 4);
  spoilt.change(0, [](auto& steps) {
    std::swap(steps[nth(steps, Action::send, 0)].bytes, steps[nth(steps, Action::send, 1)].bytes);
  });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("expects 24 B and meets 12 B")));
}

TEST(Verify, FindsAWrongOffset) {
  Spoilt spoilt(Collective::all_to_all, "pairwise", 4);
  spoilt.change(3, [](auto& steps) { steps[nth(steps, Action::send)].src += 4; });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("wrong result in 12 elements of out")));
}

TEST(Verify, FindsAMissingWait) {
  Spoilt spoilt(Collective::all_reduce, "ring", 4);
  spoilt.change(0, [](auto& steps) { erase(steps, nth(steps, Action::wait, 1)); });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("unsynchronised overlap")));
}

TEST(Verify, FindsAMissingWaitAtTheEnd) {
  Spoilt spoilt(Collective::all_gather, "ring", 3);
  spoilt.change(0, [](auto& steps) { erase(steps, nth(steps, Action::wait, 1)); });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("no wait follows")));
}

TEST(Verify, FindsAnInputWrittenWhileItIsSent) {
  Spoilt spoilt(Collective::all_gather, "ring", 3);
  spoilt.change(1, [](auto& steps) { steps[nth(steps, Action::recv)].dst_space = Space::in; });
  EXPECT_FALSE(spoilt.findings().empty());
}

TEST(Verify, FindsTheWrongPeer) {
  Spoilt spoilt(Collective::all_gather, "ring", 4);
  spoilt.change(1, [](auto& steps) { steps[nth(steps, Action::send)].peer = 3; });
  EXPECT_THAT(spoilt.findings(),
              Contains(HasSubstr("rank 1, lane ring, step 0 (send in[0, 48) to rank 3): no receive")));
}

TEST(Verify, FindsAPeerThatDoesNotExist) {
  Spoilt spoilt(Collective::all_gather, "ring", 4);
  spoilt.change(1, [](auto& steps) { steps[nth(steps, Action::send)].peer = 4; });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("no such rank, there are 4")));
}

TEST(Verify, FindsWhatIsOutOfBounds) {
  Spoilt spoilt(Collective::all_reduce, "recursive_doubling", 4);
  spoilt.change(2, [](auto& steps) { steps[nth(steps, Action::recv_reduce)].dst += 8; });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("out of bounds, the space has 48 B")));
}

TEST(Verify, FindsOffsetsThatWrapAround) {
  Spoilt spoilt(Collective::all_gather, "ring", 2);
  spoilt.change(0, [](auto& steps) { steps[nth(steps, Action::recv)].dst = ~Bytes{0} - 3; });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("out of bounds")));
}

TEST(Verify, FindsACycleOfSendsThatWaitFirst) {
  Spoilt spoilt(Collective::all_gather, "ring", 3);
  for (int rank = 0; rank < 3; ++rank)
    spoilt.change(rank, [](auto& steps) {
      const auto at = static_cast<std::ptrdiff_t>(nth(steps, Action::send)) + 1;
      steps.insert(steps.begin() + at, Step{.action = Action::wait});
    });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("deadlock")));
}

TEST(Verify, FindsTwoMessagesInTheWrongOrder) {
  Spoilt spoilt(Collective::all_to_all, "linear", 2);
  spoilt.change(0, [](auto& steps) {
    Step& send = steps[nth(steps, Action::send)];
    Step second = send;
    send.bytes = 16;
    send.src += 32;
    second.bytes = 32;
    steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(nth(steps, Action::send)) + 1, second);
  });
  spoilt.change(1, [](auto& steps) {
    Step& recv = steps[nth(steps, Action::recv)];
    Step second = recv;
    recv.bytes = 32;
    second.bytes = 16;
    second.dst += 32;
    steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(nth(steps, Action::recv)) + 1, second);
  });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("expects 32 B and meets 16 B")));
}

TEST(Verify, FindsExtraBytes) {
  Spoilt spoilt(Collective::all_gather, "bruck", 2);
  spoilt.change(0, [](auto& steps) {
    steps.insert(steps.begin(), Step{.action = Action::send, .src_space = Space::in, .peer = 1, .bytes = 4});
  });
  spoilt.program(1).scratch_bytes = 4;
  spoilt.change(1, [](auto& steps) {
    steps.insert(steps.begin(), Step{.action = Action::recv, .dst_space = Space::scratch, .peer = 0, .bytes = 4});
  });
  EXPECT_THAT(spoilt.findings(),
              testing::ElementsAre(HasSubstr("rank 0 sends 52 B, the formula of all_gather/bruck says 48 B")));
}

TEST(Verify, FindsAShareThatIsReducedTwice) {
  Spoilt spoilt(Collective::all_reduce, "recursive_doubling", 4);
  spoilt.change(2, [](auto& steps) {
    steps.push_back(
        {.action = Action::reduce, .dst_space = Space::out, .src_space = Space::in, .peer = 1, .bytes = 48});
  });
  EXPECT_THAT(
      spoilt.findings(),
      Contains(HasSubstr("rank 2: wrong result in 12 elements of out; element 0 has the share of rank 2 twice")));
}

TEST(Verify, LooksIntoEveryBlockOfAReduction) {
  Spoilt spoilt(Collective::reduce_scatter, "alltoall", 4);
  spoilt.change(1, [](auto& steps) { --steps[nth(steps, Action::reduce)].peer; });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("rank 1: wrong result in 12 elements of out; element 0 lacks")));
}

TEST(Verify, FindsABlockOfAReductionThatStillArrives) {
  Spoilt spoilt(Collective::reduce_scatter, "alltoall", 4);
  spoilt.change(2, [](auto& steps) {
    const Step last = steps[nth(steps, Action::recv, 2)];
    erase(steps, nth(steps, Action::recv, 2));
    steps.insert(steps.end() - 1, last);
    steps.push_back({.action = Action::wait});
  });
  EXPECT_THAT(spoilt.findings(),
              Contains(HasSubstr("reduce out[0, 48) with 3 blocks scratch[0, 144)): unsynchronised")));
}

TEST(Verify, FindsAReductionOfNoBlock) {
  Spoilt spoilt(Collective::reduce_scatter, "alltoall", 2);
  spoilt.change(0, [](auto& steps) { steps[nth(steps, Action::reduce)].peer = 0; });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("reduces no block")));
}

TEST(Verify, FindsAShareThatIsMissing) {
  Spoilt spoilt(Collective::reduce_scatter, "ring", 3);
  spoilt.change(1, [](auto& steps) { steps[nth(steps, Action::recv_reduce, 1)].action = Action::recv; });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("lacks the share of rank 1")));
}

TEST(Verify, FindsUnwrittenMemoryInTheResult) {
  Spoilt spoilt(Collective::all_to_all, "bruck", 3);
  spoilt.change(1, [](auto& steps) { erase(steps, nth(steps, Action::copy)); });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("is not element 12 of rank 1")));
}

TEST(Verify, FindsABarrierThatDoesNotHold) {
  Spoilt spoilt(Collective::barrier, "dissemination", 4);
  for (int rank = 0; rank < 4; ++rank) spoilt.change(rank, [](auto& steps) { steps.resize(3); });
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("the formula of barrier/dissemination says 2 B")));
  EXPECT_THAT(spoilt.findings(), Contains(HasSubstr("rank 0 leaves the barrier before it has heard of rank 1")));
}

TEST(Verify, CannotLookIntoNatives) {
  Call call;
  call.collective = Collective::all_reduce;
  call.count = 4;
  const std::vector<Program> programs = {build_native(call)};
  EXPECT_THAT(verify_traffic(programs), Contains(HasSubstr("cannot be looked into")));
}

}  // namespace
}  // namespace weft
