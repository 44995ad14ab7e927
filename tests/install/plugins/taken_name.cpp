#include "plugins/plugin.hpp"

namespace {

weft::PluginEntries entries() {
  weft::Transport transport = weft::transports::registry().find("shm");
  transport.summary = "not weft's own";
  return {.transports = {transport}};
}

}  // namespace

const weft::Plugin weft_plugin{.version = "1.0", .entries = entries};
