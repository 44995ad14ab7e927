#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "patterns/step_traffic.hpp"

namespace weft::cli {

/// What flags say of a layout.
struct LayoutChoice {
  std::string layout;                ///< name or path
  std::string model;                 ///< likewise; empty: the layout's
  std::uint64_t ranks_per_node = 0;  ///< 0: the layout's
};

struct ChosenLayout {
  ParallelLayout layout;
  Model model;
  StepTraffic traffic;
};

/// Adds --model and --ranks-per-node.
void add_model_of_layout(CLI::App& command, LayoutChoice& choice);

/// Reads and checks them. Throws UsageError as load_layout, load_model, check_ranks and check_model do, and where a
/// step would send more than can be told.
ChosenLayout choose_layout(const LayoutChoice& choice);

}  // namespace weft::cli
