#include "plugins/plugin.hpp"

namespace {

weft::PluginEntries entries() {
  weft::Pattern pattern = weft::patterns::registry().find("barrier");
  pattern.name = "pause";
  pattern.useless_flags = {{"--batch", "it has one call"}};  // which `weft export` does not have
  return {.patterns = {pattern}};
}

}  // namespace

const weft::Plugin weft_plugin{.version = "1.0", .entries = entries};
