#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "collectives/registry.hpp"
#include "patterns/registry.hpp"
#include "plugins/abi.hpp"
#include "transports/registry.hpp"

/// What a plugin includes: a shared library with entries of its own, for `weft run --plugin` (docs/plugins.md).
namespace weft {

/// What weft and a plugin must agree on to mean the same by a type. Only numbers and texts of fixed length, which can
/// be read whatever the rest is like. `mark`, `version` and `headers` stay where they are in all versions of weft.
struct PluginAbi {
  char mark[16] = "weft plugin";
  char version[16] = {};             ///< weft's
  char headers[24] = {};             ///< hash of its public headers
  int compiler = __GXX_ABI_VERSION;  ///< how the compiler names and lays out
  int string = sizeof(std::string);  ///< libstdc++'s two kinds, and libc++'s, differ in these
  int vector = sizeof(std::vector<int>);
  int function = sizeof(std::function<void()>);

  bool operator==(const PluginAbi&) const = default;
};

/// Of whoever compiles this: weft, or a plugin.
constexpr PluginAbi plugin_abi() {
  PluginAbi abi;
  std::copy(std::begin(kPluginVersion), std::end(kPluginVersion), abi.version);
  std::copy(std::begin(kPluginHeaders), std::end(kPluginHeaders), abi.headers);
  return abi;
}

/// What a plugin brings; each is as if it were one of weft's own, behind them in the lists. Names are of letters,
/// digits,
/// '_', '-' and '.', and none of weft's or of another plugin.
struct PluginEntries {
  std::vector<Transport> transports = {};
  std::vector<Algorithm> algorithms = {};
  std::vector<Pattern> patterns = {};
};

/// The one symbol of a plugin.
struct Plugin {
  PluginAbi abi = plugin_abi();
  const char* version = "";              ///< the plugin's own, for the run's provenance
  PluginEntries (*entries)() = nullptr;  ///< called once, in each process, before anything is forked: starts no threads
};

}  // namespace weft

/// Defined by the plugin: `const weft::Plugin weft_plugin{.version = "1.0", .entries = entries};`
extern "C" __attribute__((visibility("default"))) const weft::Plugin weft_plugin;
