#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "measure/instruments.hpp"
#include "worlds/world.hpp"

namespace weft::cli {

/// What run.json says of a transport's timer and clock: overhead and resolution of the slowest rank, bounds of the
/// common time base. Collective; meant for rank 0.
nlohmann::json describe_instruments(const std::string& transport, TimerKind kind, const Instruments& instruments,
                                    World& world);

/// What run.json says of a noise probe on every rank: an object per rank. Works for so long. Collective; null but on
/// rank 0.
nlohmann::json probe_noise_of_ranks(World& world, Nanoseconds duration);

}  // namespace weft::cli
