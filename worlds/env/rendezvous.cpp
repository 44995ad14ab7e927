#include "worlds/env/rendezvous.hpp"

#include <cstdlib>
#include <fstream>
#include <string_view>

#include <fmt/format.h>

#include "core/environment.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "worlds/launcher_environment.hpp"

namespace weft::env {
namespace {

constexpr int kLastPort = 65535;
constexpr std::size_t kLongestSecret = 4096;
constexpr std::size_t kEndOfLine = 2;
// Ports for Slurm's jobs: below those that the kernel gives to outgoing connections.
constexpr int kFirstJobPort = 20000;
constexpr int kJobPorts = 10000;

Rendezvous read_identity() {
  const auto launcher = read_launcher_environment();
  if (!launcher)
    throw UsageError(
        "the world env needs RANK and WORLD_SIZE, as torchrun sets them for each process it starts, or the variables "
        "of "
        "srun, PMIx or mpirun");
  Rendezvous rendezvous;
  rendezvous.rank = launcher->rank;
  rendezvous.ranks = launcher->ranks;
  return rendezvous;
}

void set_place(Rendezvous& rendezvous, const std::string& text, const char* from) {
  const std::size_t colon = text.rfind(':');
  const int port =
      colon == std::string::npos ? 0 : whole_number<int>(std::string_view(text).substr(colon + 1)).value_or(0);
  std::string host = text.substr(0, colon);
  const bool bracketed = host.size() > 1 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (port < 1 || port > kLastPort || host.empty() || (!bracketed && host.find(':') != std::string::npos))
    throw UsageError(
        fmt::format("{} '{}': give HOST:PORT of rank 0, such as 10.0.0.1:29500 or [fe80::1]:29500", from, text));
  rendezvous.host = host;
  rendezvous.port = port;
}

int master_port() {
  if (environment_variable("MASTER_PORT").empty())
    throw UsageError("MASTER_PORT is not set, though MASTER_ADDR is: give both");
  const int port = number_in_variable("MASTER_PORT", 1, kLastPort);
  // There torchrun's agent keeps its own store, on the host of rank 0 too.
  if (environment_variable("TORCHELASTIC_USE_AGENT_STORE") != "True") return port;
  return port < kLastPort ? port + 1 : port - 1;
}

int job_port() {
  const unsigned long job = std::strtoul(environment_variable("SLURM_JOB_ID").c_str(), nullptr, 10);
  const unsigned long step = std::strtoul(environment_variable("SLURM_STEP_ID").c_str(), nullptr, 10);
  return kFirstJobPort + static_cast<int>((job * 31 + step) % kJobPorts);
}

}  // namespace

std::string Rendezvous::place() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::string first_host(const std::string& list) {
  const std::size_t bracket = list.find('[');
  const std::size_t comma = list.find(',');
  if (bracket == std::string::npos || comma < bracket) return list.substr(0, comma);
  const std::size_t number = list.find_first_of(",-]", bracket + 1);
  const std::size_t close = list.find(']', bracket);
  if (close == std::string::npos) return {};
  const std::size_t end = list.find(',', close);
  return list.substr(0, bracket) + list.substr(bracket + 1, number - bracket - 1) +
         list.substr(close + 1, end == std::string::npos ? end : end - close - 1);
}

Rendezvous read_rendezvous(const LaunchOptions& options) {
  Rendezvous rendezvous = read_identity();
  if (!options.rendezvous.empty()) {
    set_place(rendezvous, options.rendezvous, "--rendezvous");
  } else if (const std::string place = environment_variable("WEFT_RENDEZVOUS"); !place.empty()) {
    set_place(rendezvous, place, "WEFT_RENDEZVOUS");
  } else if (const std::string address = environment_variable("MASTER_ADDR"); !address.empty()) {
    rendezvous.host = address;
    rendezvous.port = master_port();
  } else if (const std::string host = first_host(environment_variable("SLURM_STEP_NODELIST")); !host.empty()) {
    rendezvous.host = host;
    rendezvous.port = job_port();
  } else {
    throw UsageError(
        "MASTER_ADDR is not set: the processes meet at MASTER_ADDR and MASTER_PORT, or at WEFT_RENDEZVOUS or "
        "--rendezvous HOST:PORT, where rank 0 listens");
  }
  return rendezvous;
}

std::string read_secret(const LaunchOptions& options) {
  const std::string file =
      !options.secret_file.empty() ? options.secret_file : environment_variable("WEFT_SECRET_FILE");
  if (file.empty()) return environment_variable("WEFT_SECRET");
  const std::string name =
      fmt::format("{} {}", !options.secret_file.empty() ? "--secret-file" : "WEFT_SECRET_FILE", file);
  std::ifstream stream(file, std::ios::binary);
  std::string secret(kLongestSecret + kEndOfLine + 1, '\0');  // no more, whatever length the file has
  stream.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  if (stream.bad() || !stream.is_open()) throw UsageError(name + ": the file cannot be read");
  secret.resize(static_cast<std::size_t>(stream.gcount()));
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.empty() || secret.size() > kLongestSecret)
    throw UsageError(fmt::format("{}: the file must hold a secret of 1 to {} bytes", name, kLongestSecret));
  return secret;
}

std::string public_secret(const Rendezvous& rendezvous) {
  return fmt::format("weft {} {} {} {}", rendezvous.port, rendezvous.ranks, environment_variable("TORCHELASTIC_RUN_ID"),
                     environment_variable("SLURM_JOB_ID"));
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

}  // namespace weft::env
