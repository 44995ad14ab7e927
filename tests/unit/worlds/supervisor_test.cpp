// Ranks that are killed, stopped or stuck, in the world that forks them here.
#include <cerrno>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worlds/registry.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

constexpr Nanoseconds kSecond = 1'000'000'000;

struct Outcome {
  int code;
  double seconds;
  std::string said;
};

// Launches three ranks that are in the middle of something when rank 1 meets its fate.
Outcome launch(Nanoseconds timeout, const std::function<void(World&)>& fate) {
  CaptureStderr();
  const Nanoseconds start = monotonic_now();
  const int code = worlds::registry().find("local").launch({.ranks = 3, .timeout = timeout}, [&](World& world) {
    world.barrier();
    world.set_deadline(timeout, "all-reduce");
    if (world.rank() == 1) fate(world);
    world.barrier();
    return 0;
  });
  const double seconds = static_cast<double>(monotonic_now() - start) / kSecond;
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD) << "a process is left";
  return {code, seconds, GetCapturedStderr()};
}

TEST(Supervisor, NamesARankThatWasKilled) {
  const Outcome outcome = launch(20 * kSecond, [](World&) { raise(SIGKILL); });
  EXPECT_EQ(outcome.code, 5);
  EXPECT_LT(outcome.seconds, 4);
  EXPECT_THAT(outcome.said, AllOf(HasSubstr("weft: rank 1 (pid "), HasSubstr("was killed by signal 9 (Killed)\n")));
  EXPECT_EQ(outcome.said.find('\n'), outcome.said.size() - 1) << "one sentence: " << outcome.said;
}

TEST(Supervisor, NamesARankThatWasStopped) {
  const Outcome outcome = launch(kSecond, [](World&) { raise(SIGSTOP); });
  EXPECT_EQ(outcome.code, 5);
  EXPECT_LT(outcome.seconds, 1 + 5);
  EXPECT_THAT(outcome.said, AllOf(HasSubstr("weft: rank 1 (pid "), HasSubstr("was stopped")));
  EXPECT_EQ(outcome.said.find('\n'), outcome.said.size() - 1) << "one sentence: " << outcome.said;
}

TEST(Supervisor, LetsAStoppedRankContinue) {
  const Outcome outcome = launch(20 * kSecond, [](World&) {
    const pid_t self = getpid();
    if (fork() == 0) {
      usleep(300'000);
      kill(self, SIGCONT);
      _exit(0);
    }
    raise(SIGSTOP);
  });
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.said, "");
}

TEST(Supervisor, NamesARankThatIsStuckAndNotThoseThatWaitForIt) {
  const Outcome outcome = launch(kSecond, [](World&) {
    while (true) pause();
  });
  EXPECT_EQ(outcome.code, 5);
  EXPECT_LT(outcome.seconds, 1 + 5);
  EXPECT_THAT(outcome.said, AllOf(HasSubstr("weft: rank 1 (pid "), HasSubstr("all-reduce")));
}

TEST(Supervisor, EndsItsRanksWhenItIsInterrupted) {
  for (int signal : {SIGINT, SIGTERM}) {
    const pid_t self = getpid();
    const Outcome outcome = launch(20 * kSecond, [self, signal](World&) { kill(self, signal); });
    EXPECT_EQ(outcome.code, 128 + signal);
    EXPECT_LT(outcome.seconds, 3);
  }
}

// As a launcher sends it to all: the supervisor is told before its rank ends, or a moment after.
TEST(Supervisor, SaysNothingOfRanksThatTheSameSignalEnded) {
  for (int launches = 0; launches < 20; ++launches) {
    const Outcome outcome = launch(20 * kSecond, [self = getpid()](World&) {
      kill(self, SIGTERM);
      raise(SIGTERM);
    });
    EXPECT_EQ(outcome.code, 128 + SIGTERM);
    EXPECT_EQ(outcome.said, "");
  }
}

TEST(Supervisor, SaysNothingOfRanksThatTheSameSignalEndedBefore) {
  const Outcome outcome = launch(20 * kSecond, [self = getpid()](World&) {
    if (const pid_t rank = getpid(); fork() == 0) {
      kill(rank, SIGTERM);
      usleep(2'000);
      kill(self, SIGTERM);
      _exit(0);
    }
    while (true) pause();
  });
  EXPECT_EQ(outcome.code, 128 + SIGTERM);
  EXPECT_EQ(outcome.said, "");
}

// As nohup has it.
TEST(Supervisor, GoesOnAtASignalThatItWasStartedToIgnore) {
  const auto before = signal(SIGHUP, SIG_IGN);
  const Outcome outcome = launch(20 * kSecond, [self = getpid()](World&) { kill(self, SIGHUP); });
  signal(SIGHUP, before);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.said, "");
}

// The ranks' pipe reads end-of-file when the last of them is gone.
TEST(Supervisor, RanksDieWithIt) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t supervisor = fork();
  if (supervisor == 0)
    _exit(worlds::registry().find("local").launch({.ranks = 2}, [&](World& world) {
      world.barrier();
      if (world.rank() == 0) kill(getppid(), SIGKILL);
      while (true) pause();
      return 0;
    }));
  close(ends[1]);
  char byte;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(supervisor, &status, 0), supervisor);
  EXPECT_TRUE(WIFSIGNALED(status));
}

}  // namespace
}  // namespace weft
