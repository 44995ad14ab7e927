#pragma once

#include <string>
#include <vector>

#include "worlds/registry.hpp"

namespace weft {

/// A port of the loopback where nobody listens now.
int free_port();

/// Starts processes as torchrun would, with RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, each of which launches
/// `main` in the world env; those of `absent` are left out. Gives their exit codes, 128 + signal where one ended it.
std::vector<int> launch_by_environment(int ranks, int port, const LaunchOptions& options, const RankMain& main,
                                       const std::vector<int>& absent = {});

/// The largest of all exit codes, as other launchers give it.
int launch_by_environment(const LaunchOptions& options, const RankMain& main);

}  // namespace weft
