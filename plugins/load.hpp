#pragma once

#include <string>
#include <vector>

namespace weft {

/// A plugin that is loaded, and the keys of its entries.
struct LoadedPlugin {
  std::string path;     ///< absolute
  std::string version;  ///< its own
  std::vector<std::string> transports;
  std::vector<std::string> algorithms;  ///< "all_reduce/star"
  std::vector<std::string> patterns;
};

/// Loads a shared library for good, and puts its entries behind those of the registries; before anything else uses
/// them. Throws UsageError, which names the file, where it is missing, is no shared library or no plugin, was built for
/// another weft or by another compiler, lacks symbols, throws, or brings an entry that cannot be: nothing of weft is
/// changed by then, but for code that the library runs when it is loaded.
LoadedPlugin load_plugin(const std::string& path);

}  // namespace weft
