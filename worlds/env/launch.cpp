// Ranks are processes that anything may have started, which told each who it is and where rank 0 is. Each runs under a
// supervisor: the process that was started forks the rank, and rank 0's the hub before it.
#include <algorithm>
#include <exception>

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "core/error.hpp"
#include "core/system.hpp"
#include "worlds/env/env_world.hpp"
#include "worlds/env/hub.hpp"
#include "worlds/env/join.hpp"
#include "worlds/env/socket.hpp"
#include "worlds/same_arguments.hpp"
#include "worlds/supervisor.hpp"

namespace weft::worlds::env {
namespace {

using weft::env::FrameKind;
using weft::env::Rendezvous;
using weft::env::Role;
using weft::env::Secret;

constexpr Nanoseconds kLastMoment = 1'000'000'000;
// The hub says by itself who did not come; the ranks' own time-out is behind it.
constexpr Nanoseconds kAfterHub = 1'000'000'000;

/// Of each rank two connections come to the hub, and strangers with them.
void require_files(int ranks) {
  const std::uint64_t needed = 2 * static_cast<std::uint64_t>(ranks) + weft::env::Reception::kHalfOpen + 64;
  if (const std::uint64_t most = raise_open_files(); most < needed)
    throw UsageError(
        fmt::format("rank 0 needs {} open files for {} ranks, and may have {}: raise ulimit -Hn", needed, ranks, most));
}

/// The hub's process, where this one is rank 0's. It dies with it.
class HubProcess {
 public:
  HubProcess(const Rendezvous& rendezvous, const Secret& secret, Nanoseconds timeout) {
    if (rendezvous.rank != 0) return;
    require_files(rendezvous.ranks);
    Descriptor listener = weft::env::listen_at(rendezvous);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) throw TransportError("cannot fork the process that the ranks meet in");
    if (pid_ == 0) be_hub(parent, std::move(listener), rendezvous, secret, timeout);
  }
  HubProcess(const HubProcess&) = delete;
  HubProcess& operator=(const HubProcess&) = delete;
  ~HubProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  /// After this rank has ended: waits until all have. The exit code of the whole.
  int wait() {
    if (pid_ <= 0) return 0;
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitCode::failed);
  }

 private:
  [[noreturn]] static void be_hub(pid_t parent, Descriptor listener, const Rendezvous& rendezvous, const Secret& secret,
                                  Nanoseconds timeout) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "weft-hub");
    for (int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);  // its parent acts on them
    if (getppid() != parent) _exit(static_cast<int>(ExitCode::failed));
    int code = static_cast<int>(ExitCode::failed);
    try {
      code = weft::env::Hub(std::move(listener), rendezvous, secret, timeout).run();
    } catch (const std::exception& error) {
      fmt::print(stderr, "weft: {}\n", error.what());
    }
    std::fflush(stderr);
    _exit(code);
  }

  pid_t pid_ = 0;
};

int run_as_rank(Board& board, const Rendezvous& rendezvous, const Secret& secret, const LaunchOptions& options,
                const RankMain& main) {
  board.state(0).doing.store("waiting for all ranks to come");
  board.state(0).deadline.store(monotonic_now() + options.timeout + kAfterHub);
  EnvWorld world(board, weft::env::join(rendezvous, secret, Role::rank, options.timeout), rendezvous);
  return world.run([&](World& here) {
    if (const std::string other = find_other_arguments(here); !other.empty()) throw UsageError(other);
    here.set_deadline(0, "");
    return main(here);
  });
}

/// What this process's supervisor tells the hub at the end: why the rank was lost, or how it ended.
void report(int line, const Board& board, int rank, int code) {
  std::string frame = make_frame(FrameKind::done, code, {});
  if (board.lost().written()) {
    const weft::env::EarlyNotice notice{rank, static_cast<int>(ExitCode::failed), false, board.lost().reason.data()};
    frame = make_frame(FrameKind::lost, 0, weft::env::pack(notice));
  }
  weft::env::send_all(line, frame.data(), frame.size(), monotonic_now() + kLastMoment);
}

void warn_of_public_secret(const Rendezvous& rendezvous) {
  if (rendezvous.rank != 0 || weft::env::is_loopback(rendezvous.host)) return;
  fmt::print(stderr,
             "weft: no secret was given (WEFT_SECRET, WEFT_SECRET_FILE, --secret-file): whoever knows the address and "
             "number of ranks of this run can take part in it\n");
}

int launch_here(const LaunchOptions& options, const RankMain& main) {
  const Rendezvous rendezvous = weft::env::read_rendezvous(options);
  std::string text = weft::env::read_secret(options);
  if (text.empty()) {
    warn_of_public_secret(rendezvous);
    text = weft::env::public_secret(rendezvous);
  }
  const Secret secret(std::move(text));
  HubProcess hub(rendezvous, secret, options.timeout);
  Descriptor line = weft::env::join(rendezvous, secret, Role::supervisor, options.timeout);
  Board board(1);
  const int code = Supervisor(board, rendezvous.rank, options.timeout).run([&](int) {
    line.close();
    return run_as_rank(board, rendezvous, secret, options, main);
  });
  report(line.get(), board, rendezvous.rank, code);
  line.close();
  return std::max(code, hub.wait());
}

std::string refuses_env_launch(const LaunchOptions& options) {
  try {
    weft::env::read_rendezvous(options);
    weft::env::read_secret(options);
    return {};
  } catch (const UsageError& error) {
    return error.what();
  }
}

/// The processes fail each by itself here: none has the others ended, so none waits to speak.
int launch(const LaunchOptions& options, const RankMain& main) {
  try {
    return launch_here(options, main);
  } catch (const UsageError& error) {
    fmt::print(stderr, "weft: {}\n", error.what());
    return static_cast<int>(ExitCode::usage);
  } catch (const TransportError& error) {
    fmt::print(stderr, "weft: {}\n", error.what());
    return static_cast<int>(ExitCode::failed);
  }
}

}  // namespace

Launcher entry() {
  return {"env",
          "one rank per process, by RANK, WORLD_SIZE, MASTER_ADDR as torchrun and Kubernetes set them, or Slurm's",
          refuses_env_launch, launch};
}

}  // namespace weft::worlds::env
