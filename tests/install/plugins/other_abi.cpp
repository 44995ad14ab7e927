// As if it had been compiled against the headers of another weft.
#include <cstdlib>

#include "plugins/plugin.hpp"

namespace {

constexpr weft::PluginAbi other_abi() {
  weft::PluginAbi abi = weft::plugin_abi();
  std::fill(std::begin(abi.headers), std::begin(abi.headers) + 16, '0');
  return abi;
}

weft::PluginEntries entries() { std::abort(); }

}  // namespace

const weft::Plugin weft_plugin{.abi = other_abi(), .version = "1.0", .entries = entries};
