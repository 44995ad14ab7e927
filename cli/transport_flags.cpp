#include "cli/transport_flags.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

constexpr const char* kFlags[] = {"--fabric", "--tcp-streams", "--tcp-interface", "--ofi-provider", "--share-device"};

bool takes(const Transport& transport, const std::string& flag) {
  return std::find(transport.flags.begin(), transport.flags.end(), flag) != transport.flags.end();
}

bool is_needed_besides(const std::string& flag, const std::vector<std::string>& patterns) {
  return flag == "--fabric" && std::find(patterns.begin(), patterns.end(), "training_step") != patterns.end();
}

}  // namespace

void refuse_flags_of_other_transports(const CLI::App& command, const RunOptions& options) {
  for (const std::string flag : kFlags) {
    if (command.get_option(flag)->count() == 0 || is_needed_besides(flag, options.patterns)) continue;
    if (std::any_of(options.transports.begin(), options.transports.end(),
                    [&](const std::string& name) { return takes(transports::registry().find(name), flag); }))
      continue;
    std::vector<std::string> takers;
    for (const Transport& transport : transports::registry().entries())
      if (takes(transport, flag)) takers.push_back(transport.name);
    throw UsageError(fmt::format(
        "{}: has no meaning over {} (of this build's transports {} it)", flag, join(options.transports, ", "),
        takers.empty() ? "none takes" : enumerate(takers, takers.size()) + (takers.size() == 1 ? " takes" : " take")));
  }
}

}  // namespace weft::cli
