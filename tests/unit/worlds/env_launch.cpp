#include "tests/unit/worlds/env_launch.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft {
namespace {

[[noreturn]] void be_process(int rank, int ranks, int port, const LaunchOptions& options, const RankMain& main) {
  setenv("RANK", std::to_string(rank).c_str(), 1);
  setenv("WORLD_SIZE", std::to_string(ranks).c_str(), 1);
  setenv("MASTER_ADDR", "127.0.0.1", 1);
  setenv("MASTER_PORT", std::to_string(port).c_str(), 1);
  const int code = worlds::registry().find("env").launch(options, main);
  std::fflush(nullptr);
  _exit(code);
}

}  // namespace

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0) std::abort();
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  close(fd);
  return ntohs(address.sin_port);
}

std::vector<int> launch_by_environment(int ranks, int port, const LaunchOptions& options, const RankMain& main,
                                       const std::vector<int>& absent) {
  std::fflush(nullptr);
  std::vector<pid_t> processes;
  for (int rank = 0; rank < ranks; ++rank) {
    if (std::find(absent.begin(), absent.end(), rank) != absent.end()) continue;
    processes.push_back(fork());
    if (processes.back() == 0) be_process(rank, ranks, port, options, main);
  }
  std::vector<int> codes;
  for (const pid_t process : processes) {
    int status = 0;
    waitpid(process, &status, 0);
    codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  return codes;
}

int launch_by_environment(const LaunchOptions& options, const RankMain& main) {
  const std::vector<int> codes = launch_by_environment(options.ranks, free_port(), options, main);
  return *std::max_element(codes.begin(), codes.end());
}

}  // namespace weft
