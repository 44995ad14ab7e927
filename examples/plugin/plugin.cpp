#include "entries.hpp"

namespace {

weft::PluginEntries entries() {
  return {.transports = {example::fifo()}, .algorithms = {example::star()}, .patterns = {example::mirror()}};
}

}  // namespace

const weft::Plugin weft_plugin{.version = "1.0", .entries = entries};
