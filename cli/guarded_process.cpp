#include "cli/guarded_process.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/text.hpp"

namespace weft::cli {

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kGraceToEnd = 10 * kSecond;       // from the signal to the kill
constexpr Nanoseconds kGraceOfLeftovers = kSecond / 2;  // for what a program leaves behind, at each of three steps
constexpr Nanoseconds kGuardLooksAgain = kSecond / 100;
constexpr int kCannotStart = 127;  // as a shell's

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

/// This process's children, zombies included.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
    std::ifstream file(entry.path() / "stat");
    std::string line;
    std::getline(file, line);  // "pid (any name) state parent ..."
    const std::size_t after_name = line.rfind(')');
    if (after_name == std::string::npos) continue;
    std::istringstream words(line.substr(after_name + 1));
    char state = 0;
    pid_t parent = 0;
    if (words >> state >> parent && parent == getpid()) found.push_back(pid);
  }
  return found;
}

/// Reaps what has ended; false where there is no child any more.
bool reap_some() {
  pid_t pid = 0;
  while ((pid = waitpid(-1, nullptr, WNOHANG)) > 0) continue;
  return pid == 0;
}

bool gone_within(Nanoseconds time) {
  const Nanoseconds end = monotonic_now() + time;
  while (reap_some()) {
    if (monotonic_now() > end) return false;
    usleep(static_cast<useconds_t>(kGuardLooksAgain / 1000));
  }
  return true;
}

/// Ends what this process has inherited. Killing a process hands its own children up, hence the loop.
void end_orphans() {
  if (!reap_some() || gone_within(kGraceOfLeftovers)) return;
  for (const pid_t child : children()) kill(child, SIGTERM);
  while (!gone_within(kGraceOfLeftovers))
    for (const pid_t child : children()) kill(child, SIGKILL);
}

[[noreturn]] void be_program(const ProcessRequest& request, const sigset_t& unblocked) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // also where the guard is killed
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  if (!request.log.empty()) {
    const int log = open(request.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
  }
  std::vector<char*> words;
  for (const std::string& word : request.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pthread_sigmask(SIG_SETMASK, &unblocked, nullptr);
  if (chdir(request.directory.c_str()) == 0) execvp(words.front(), words.data());
  const std::string sentence = fmt::format("weft: cannot start '{}' in {}: {}\n", request.words.front(),
                                           request.directory.string(), std::generic_category().message(errno));
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, sentence.data(), sentence.size());
  _exit(kCannotStart);
}

/// The guard's own wait: the program's result, with nothing of it left.
ProcessResult guard(const ProcessRequest& request, const EndingSignals& signals) {
  ProcessResult result;
  const pid_t program = fork();
  if (program == 0) be_program(request, signals.before());
  if (program < 0) return {.exit_code = kCannotStart};
  setpgid(program, program);  // here too: whichever comes first
  Nanoseconds end_at = request.timeout > 0 ? monotonic_now() + request.timeout : 0;
  const auto end_by = [&](int signal) {
    kill(-program, signal);
    end_at = monotonic_now() + kGraceToEnd;
  };
  bool ending = false;
  for (int status = 0; waitpid(program, &status, WNOHANG) == 0 || (result.exit_code = code_of(status), false);) {
    const int signal = signals.wait(end_at == 0 ? -1 : std::max<Nanoseconds>(end_at - monotonic_now(), 0));
    if (signal == SIGCHLD) continue;
    const bool late = signal == 0 && monotonic_now() >= end_at;
    if (signal == 0 && !late) continue;
    if (late && !ending) result.timed_out = true;
    if (signal != 0) result.interrupted = signal;
    end_by(ending ? SIGKILL : late ? SIGTERM : signal);
    ending = true;
  }
  end_orphans();
  return result;
}

[[noreturn]] void be_guard(const ProcessRequest& request, const EndingSignals& signals, pid_t parent, int report) {
  setpgid(0, 0);  // the terminal's Ctrl-C reaches the parent, which passes it on
  prctl(PR_SET_NAME, "weft-launch");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kCannotStart);  // it died before the line above
  const ProcessResult result = guard(request, signals);
  [[maybe_unused]] const auto written = ::write(report, &result, sizeof(result));
  _exit(0);
}

}  // namespace

ProcessResult run_guarded(const ProcessRequest& request, const EndingSignals& signals) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) fail("pipe");
  std::fflush(nullptr);
  const pid_t parent = getpid(), child = fork();
  if (child == 0) be_guard(request, signals, parent, report[1]);
  const int error = errno;
  close(report[1]);
  ProcessResult result;
  int status = 0, interrupted = 0;
  while (child > 0 && waitpid(child, &status, WNOHANG) == 0) {
    const int signal = signals.wait(-1);
    if (signal == 0 || signal == SIGCHLD) continue;
    interrupted = signal;
    kill(child, signal);
  }
  const bool told = ::read(report[0], &result, sizeof(result)) == sizeof(result);
  close(report[0]);
  if (child < 0) throw std::system_error(error, std::generic_category(), "fork");
  if (!told) result.exit_code = WIFSIGNALED(status) ? code_of(status) : kCannotStart;
  if (interrupted != 0) result.interrupted = interrupted;
  end_orphans();
  return result;
}

std::string find_program(const std::string& name, const std::filesystem::path& directory) {
  const auto runs = [](const std::filesystem::path& path) {
    std::error_code ignored;
    return access(path.c_str(), X_OK) == 0 && !std::filesystem::is_directory(path, ignored);
  };
  if (name.find('/') != std::string::npos) return runs(directory / name) ? (directory / name).string() : "";
  const char* const path = std::getenv("PATH");
  for (const std::string& folder : split(path == nullptr ? "/bin:/usr/bin" : path, ':'))
    if (!name.empty() && runs(directory / folder / name)) return (directory / folder / name).string();
  return {};
}

}  // namespace weft::cli
