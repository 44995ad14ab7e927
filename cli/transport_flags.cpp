#include "cli/transport_flags.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/fabric.hpp"
#include "cli/flags.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/registry.hpp"

namespace weft::cli {

namespace {

constexpr const char* kOfSomeTransports = "Flags of some transports";
constexpr const char* kFabric = "--fabric";

bool takes(const Transport& transport, const std::string& flag) {
  return std::find(transport.flags.begin(), transport.flags.end(), flag) != transport.flags.end();
}

bool any_takes(const std::vector<std::string>& transports, const std::string& flag) {
  return std::any_of(transports.begin(), transports.end(),
                     [&](const std::string& name) { return takes(transports::registry().find(name), flag); });
}

/// "of this build's transports tcp and gloo take it"
std::string transports_taking(const std::string& flag) {
  std::vector<std::string> takers;
  for (const Transport& transport : transports::registry().entries())
    if (takes(transport, flag)) takers.push_back(transport.name);
  return fmt::format(
      "of this build's transports {} it",
      takers.empty() ? "none takes" : enumerate(takers, takers.size()) + (takers.size() == 1 ? " takes" : " take"));
}

/// The first of the patterns that computes by a peak; null where none does.
const Pattern* taker_of_peak(const std::vector<std::string>& patterns) {
  for (const std::string& name : patterns)
    if (const Pattern& pattern = patterns::registry().find(name); pattern.takes_peak) return &pattern;
  return nullptr;
}

/// Over transports that simulate no fabric nothing but its peak has a meaning, so that must be there, and taken.
void require_peak(const CLI::App& command, const RunOptions& options, const Pattern& taker) {
  const bool replaced = command.get_option("--peak")->count() > 0;
  if (options.fabric_peak_tflops && !replaced) return;
  throw UsageError(fmt::format("{}: over {} {} takes nothing of a fabric but \"peak_tflops\", {}", kFabric,
                               join(options.transports, ", "), taker.name,
                               replaced ? "which --peak gives" : "which this one does not have"));
}

}  // namespace

void add_transport_flags(CLI::App& run, RunOptions& options) {
  run.add_flag("--share-device", options.transport.share_devices,
               "nccl: allow several ranks on one device, which talk over sockets: to try things, not for figures")
      ->group(kOfSomeTransports);
  add(run, kFabric,
      "The model transport's fabric: a name (see `weft list`) or the path of a file, and then what is to be otherwise, "
      "or all of it: latency=2us,bandwidth=50,jitter=0.2,skew=1us,overhead=100ns (GB/s; sigma); ranks-per-node=8,"
      "node-latency=1us,node-bandwidth=160: nodes with ports of their own; node-uplink=100: what the ranks of a node "
      "share to other nodes; stalls=SHARE:FACTOR, late=RANK:10us, slow=SIZE:FACTOR, launch=CV, clock-offset=1ms, "
      "clock-drift=20 (ppm)",
      kOfSomeTransports, [&](const std::string& t) {
        const NamedFabric fabric = parse_fabric(t);
        options.transport.model = fabric.model;
        options.fabric_peak_tflops = fabric.peak_tflops;
      });
  add(run, "--tcp-streams", "The tcp transport's connections between two ranks", kOfSomeTransports,
      [&](const std::string& t) { options.transport.tcp.streams = parse_integer<int>(t, 1, kMostTcpStreams); })
      ->default_str(fmt::format("{}", options.transport.tcp.streams));
  add(run, "--tcp-interface",
      "The interface that tcp and gloo use on each host, by name (eth0), subnet (10.0.0.0/24) or address; not "
      "given: loopback where all ranks are on one host, else the one with the route to the others",
      kOfSomeTransports, [&](const std::string& t) {
        if (t.empty() || t.front() == '-')
          throw UsageError("give an interface by name (eth0), subnet (10.0.0.0/24) or address");
        options.transport.tcp.interface = t;
      });
  add_text(
      run, "--ofi-provider",
      "The ofi transport's provider, as libfabric names it (tcp, shm, verbs, efa, cxi, …); not given: the first that "
      "has tagged messages between reliable datagram endpoints",
      kOfSomeTransports, options.transport.ofi_provider, "the name of a provider");
}

void refuse_flags_of_other_transports(const CLI::App& command, const RunOptions& options) {
  const auto given = [](const CLI::Option* option) {
    return option->get_group() == kOfSomeTransports && option->count() > 0;
  };
  for (const CLI::Option* option : command.get_options(given)) {
    const std::string flag = option->get_name();
    if (any_takes(options.transports, flag)) continue;
    if (const Pattern* const taker = flag == kFabric ? taker_of_peak(options.patterns) : nullptr) {
      require_peak(command, options, *taker);
      continue;
    }
    throw UsageError(
        fmt::format("{}: has no meaning over {} ({})", flag, join(options.transports, ", "), transports_taking(flag)));
  }
}

}  // namespace weft::cli
