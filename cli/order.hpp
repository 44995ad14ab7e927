#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weft::cli {

/// 0 to count - 1 in a random order (Fisher & Yates), the same for the same seed and launch on every machine: what
/// drifts while a run goes on is then no property of some size, and launches average it out.
std::vector<std::size_t> shuffled_order(std::size_t count, std::uint64_t seed, int launch);

}  // namespace weft::cli
