// Processes that the environment tells who they are: who does not come, dies, is stuck or has no business here.
#include "tests/unit/worlds/env_launch.hpp"

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "worlds/env/join.hpp"
#include "worlds/env/reception.hpp"
#include "worlds/env/socket.hpp"

namespace weft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Nanoseconds kMoment = 1'000'000'000;

/// What three ranks of a job make of it, and what they said.
std::pair<std::vector<int>, std::string> run(const RankMain& main, const std::vector<int>& absent = {}) {
  testing::internal::CaptureStderr();
  const auto codes = launch_by_environment(3, free_port(), {.timeout = kMoment}, main, absent);
  return {codes, testing::internal::GetCapturedStderr()};
}

TEST(EnvLaunch, NamesWhoDidNotCome) {
  const Nanoseconds start = monotonic_now();
  const auto [codes, said] = run([](World&) { return 0; }, {1});
  EXPECT_THAT(codes, ElementsAre(5, 5));
  EXPECT_THAT(said,
              AllOf(HasSubstr("weft: rank 1 of 3 did not come to 127.0.0.1:"), HasSubstr("within 1 s (--timeout)")));
  EXPECT_EQ(said.find('\n'), said.size() - 1) << "one sentence: " << said;
  EXPECT_LT(monotonic_now() - start, 5 * kMoment);
}

TEST(EnvLaunch, NamesARankThatWasKilledOrStopped) {
  for (const auto& [signal, word] : {std::pair{SIGKILL, "was killed by signal 9"}, std::pair{SIGSTOP, "was stopped"}}) {
    const auto [codes, said] = run([signal = signal](World& world) {
      world.barrier();
      world.set_deadline(kMoment, "all-reduce");
      if (world.rank() == 1) raise(signal);
      world.barrier();
      return 0;
    });
    EXPECT_THAT(codes, ElementsAre(5, 5, 5));
    EXPECT_THAT(said, AllOf(HasSubstr("weft: rank 1 (pid "), HasSubstr(word)));
    EXPECT_EQ(said.find('\n'), said.size() - 1) << "one sentence: " << said;
  }
}

TEST(EnvLaunch, NamesARankWhoseSupervisorWasKilled) {
  const auto [codes, said] = run([](World& world) {
    world.barrier();
    world.set_deadline(kMoment, "all-reduce");
    if (world.rank() == 1) kill(getppid(), SIGKILL);
    while (world.rank() == 1) pause();  // the rank dies with it, a moment later
    world.barrier();
    return 0;
  });
  EXPECT_THAT(codes, ElementsAre(5, 128 + SIGKILL, 5));
  EXPECT_THAT(said, AllOf(HasSubstr("weft: rank 1 (pid "), HasSubstr("was lost: its connection was closed")));
  EXPECT_EQ(said.find('\n'), said.size() - 1) << "one sentence: " << said;
}

TEST(EnvLaunch, NamesARankThatIsStuckAndNotThoseThatWaitForIt) {
  const auto [codes, said] = run([](World& world) {
    world.barrier();
    world.set_deadline(kMoment, "all-reduce");
    while (world.rank() == 1) pause();
    world.barrier();
    return 0;
  });
  EXPECT_THAT(codes, ElementsAre(5, 5, 5));
  EXPECT_THAT(said, AllOf(HasSubstr("weft: rank 1 (pid "), HasSubstr("all-reduce")));
  EXPECT_EQ(said.find('\n'), said.size() - 1) << "one sentence: " << said;
}

// As on a host that hangs: neither the rank nor its supervisor says a word, and the connections stand.
TEST(EnvLaunch, NamesARankThatDoesNotAnswerAndNotThoseThatWaitForIt) {
  const auto [codes, said] = run([](World& world) {
    world.barrier();
    world.set_deadline(kMoment, "all-reduce");
    if (world.rank() == 1) {
      const pid_t rank = getpid();
      const pid_t supervisor = getppid();
      if (fork() == 0) {
        sleep(6);
        kill(supervisor, SIGCONT);
        kill(rank, SIGCONT);
        _exit(0);
      }
      kill(supervisor, SIGSTOP);
      raise(SIGSTOP);
    }
    world.barrier();
    return 0;
  });
  EXPECT_THAT(codes, ElementsAre(5, 5, 5));
  EXPECT_EQ(said.find("weft: rank 1 (pid "), 0U) << said;
  EXPECT_THAT(said.substr(0, said.find('\n')), HasSubstr("does not answer: rank "));
}

TEST(EnvLaunch, AllEndWithRankZerosProcess) {
  const auto [codes, said] = run([](World& world) {
    world.barrier();
    if (world.rank() == 0) kill(getppid(), SIGKILL);
    while (world.rank() == 0) pause();
    world.set_deadline(10 * kMoment, "all-reduce");
    world.barrier();
    return 0;
  });
  EXPECT_THAT(codes, ElementsAre(128 + SIGKILL, 5, 5));
  EXPECT_THAT(said, AllOf(HasSubstr("weft: rank 1 on "), HasSubstr("; rank 0 at 127.0.0.1:"), HasSubstr("was lost: ")));
}

TEST(EnvLaunch, GatherGivesAllToRankZeroOnly) {
  const auto codes = launch_by_environment(3, free_port(), {}, [](World& world) {
    const auto all = world.gather(std::string(static_cast<std::size_t>(world.rank()), 'x'));
    if (world.rank() != 0) return all.empty() ? 0 : 1;
    return all == std::vector<std::string>{"", "x", "xx"} ? 0 : 2;
  });
  EXPECT_THAT(codes, ElementsAre(0, 0, 0));
}

/// Connections of strangers.
using Crowd = std::vector<Descriptor>;

/// While rank 2 is late, `strangers` do as they like at the door; those that they give stay there.
std::pair<std::vector<int>, std::string> run_beside(const std::function<Crowd(const env::Rendezvous&)>& strangers) {
  const int port = free_port();
  const env::Rendezvous place{.rank = 2, .ranks = 3, .host = "127.0.0.1", .port = port};
  testing::internal::CaptureStderr();
  setenv("WEFT_SECRET", "open sesame", 1);
  std::fflush(nullptr);
  const pid_t other = fork();
  if (other == 0) {
    Crowd crowd;
    try {
      crowd = strangers(place);
    } catch (const std::exception& error) {
      std::fputs((std::string(error.what()) + "\n").c_str(), stderr);
    }
    const auto codes = launch_by_environment(3, port, {.timeout = 20 * kMoment},
                                             [](World& world) {
                                               world.barrier();
                                               return 0;
                                             },
                                             {0, 1});
    _exit(codes.front());
  }
  auto codes = launch_by_environment(3, port, {.timeout = 20 * kMoment},
                                     [](World& world) {
                                       world.barrier();
                                       return 0;
                                     },
                                     {2});
  int status = 0;
  waitpid(other, &status, 0);
  codes.push_back(WEXITSTATUS(status));
  unsetenv("WEFT_SECRET");
  return {codes, testing::internal::GetCapturedStderr()};
}

/// Connections to the hub, once it is there.
Crowd connections(const env::Rendezvous& place, std::size_t count) {
  Crowd open;
  std::string why;
  while (open.size() < count)
    if (auto fd = env::connect_to(place, monotonic_now() + kMoment, why); fd) open.push_back(std::move(fd));
  return open;
}

TEST(EnvStrangers, TooManyAndTooSlowDoNotKeepTheRanksOut) {
  const Nanoseconds start = monotonic_now();
  const auto [codes, said] = run_beside([](const env::Rendezvous& place) {
    for (int round = 0; round < 4; ++round) connections(place, env::Reception::kHalfOpen);
    Crowd slow = connections(place, env::Reception::kHalfOpen);
    for (const auto& fd : slow) env::send_all(fd.get(), "weft", 4, monotonic_now() + kMoment);
    return slow;
  });
  EXPECT_THAT(codes, ElementsAre(0, 0, 0));
  EXPECT_EQ(said, "");
  EXPECT_LT(monotonic_now() - start, env::Reception::kPatience) << "a rank waited for a stranger to be sent away";
}

TEST(EnvStrangers, NonsenseIsTurnedAway) {
  const auto [codes, said] = run_beside([](const env::Rendezvous& place) {
    for (const std::string& nonsense : {std::string(100'000, '\0'), std::string(100'000, 'x'), std::string(152, 'w')})
      for (const auto& fd : connections(place, 50))
        env::send_all(fd.get(), nonsense.data(), nonsense.size(), monotonic_now() + kMoment / 10);
    return Crowd();
  });
  EXPECT_THAT(codes, ElementsAre(0, 0, 0));
  EXPECT_EQ(said, "");
}

TEST(EnvStrangers, AnotherSecretIsASentence) {
  const auto [codes, said] = run_beside([](const env::Rendezvous& place) {
    env::join(place, env::Secret("open barley"), env::Role::rank, 5 * kMoment);
    return Crowd();
  });
  EXPECT_THAT(codes, ElementsAre(0, 0, 0));
  EXPECT_THAT(said, HasSubstr("rank 2 on "));
  EXPECT_THAT(said, HasSubstr("have different secrets"));
}

TEST(EnvStrangers, ARankThatIsThereAlreadyAndAnotherNumberOfRanksAreSentences) {
  const auto [codes, said] = run_beside([](env::Rendezvous place) {
    const env::Secret secret("open sesame");
    place.rank = 1;
    usleep(500'000);  // until rank 1 itself is there
    try {
      env::join(place, secret, env::Role::rank, 5 * kMoment);
    } catch (const UsageError& error) {
      std::fputs(error.what(), stderr);
    }
    place.ranks = 4;
    env::join(place, secret, env::Role::rank, 5 * kMoment);
    return Crowd();
  });
  EXPECT_THAT(codes, ElementsAre(0, 0, 0));
  EXPECT_THAT(said,
              AllOf(HasSubstr("RANK=1 came to 127.0.0.1:"), HasSubstr("twice"), HasSubstr("WORLD_SIZE=4 of rank 1")));
}

}  // namespace
}  // namespace weft
