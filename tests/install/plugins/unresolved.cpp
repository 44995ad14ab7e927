#include "plugins/plugin.hpp"

namespace elsewhere {
weft::PluginEntries entries();  // in a library with which this one is not linked
}

const weft::Plugin weft_plugin{.version = "1.0", .entries = elsewhere::entries};
