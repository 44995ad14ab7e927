#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "patterns/request.hpp"

namespace weft::cli {

/// Reads "uniform", "lognormal:2", "one-hot:4", "hash" or "hash:1.2", "replay:FILE", or a list of them, in which a
/// plain number is a further value of the kind before it: "uniform,lognormal:1.3,2,3". A file is the last of the list.
/// Throws UsageError with a sentence otherwise.
std::vector<RouterOptions> parse_routers(const std::string& text);

/// Reads "contiguous", "eplb:32", "incremental:32" or, with its target, "incremental:32:1.05". Throws UsageError.
PlacementOptions parse_placement(const std::string& text);

/// Adds the flags that say which model's tokens go where.
void add_routing_flags(CLI::App& command, Request& request, const std::string& group);

}  // namespace weft::cli
