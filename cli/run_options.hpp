#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/tuning.hpp"
#include <nlohmann/json_fwd.hpp>

#include "core/topology.hpp"
#include "measure/options.hpp"
#include "patterns/request.hpp"
#include "plugins/load.hpp"
#include "transports/registry.hpp"
#include "worlds/registry.hpp"

namespace weft::cli {

/// Everything `weft run` was asked for, parsed and validated; the same on every rank.
struct RunOptions {
  std::vector<LoadedPlugin> plugins;
  std::vector<std::string> patterns = {"moe", "all_reduce", "pipeline"};
  std::vector<std::string> transports;  ///< empty until chosen: default_transport() of cli/run.cpp
  std::string world;                    ///< of real ranks; empty until chosen by how this process was started
  Request request;
  MeasureOptions measure;
  TransportOptions transport;
  std::optional<double> fabric_peak_tflops;  ///< of the device, where --fabric named a file that says
  LaunchOptions launch;
  int ranks = 0;  ///< of the run, once it is known
  bool oversubscribe = false;
  bool shuffled = true;                     ///< points are measured in a random order, another one in each launch
  int launch_number = 0;                    ///< of this launch in its campaign
  Nanoseconds noise_probe = 1'000'000'000;  ///< half of it before, half after the run
  std::string format = "table";
  std::string out;                    ///< run folder; empty: runs/<time>
  std::string config;                 ///< TOML file with flags; empty: none
  std::string trace;                  ///< file that gets every step of one execution of each point; empty: none
  std::vector<Selection> selections;  ///< of algorithms, where none is named; empty: none
  std::string resume;                 ///< run folder to go on with; empty: none
  std::vector<std::string> command_line;

  /// What decides which points there are and how they are measured: not where the result goes.
  nlohmann::json configuration() const;
};

/// The sentence for more ranks on a host, or on several that share their cores, than there are cores for.
std::string too_many_ranks(int ranks, int cores);
std::string too_many_ranks(const CoreShortage& shortage);

}  // namespace weft::cli
