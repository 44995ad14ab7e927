#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/measured_fabric.hpp"
#include <nlohmann/json_fwd.hpp>

#include "cli/layout_choice.hpp"
#include "patterns/fitness.hpp"
#include "patterns/hiding_rule.hpp"

namespace weft::cli {

/// What a verdict rests on beside the layout and the measurements.
struct FitRules {
  double peak_tflops = 0;  ///< dense, of one rank's device
  double efficiency = 0;   ///< of it, while it computes
  FitLimits limits;
  std::vector<std::string> hidden;  ///< dimensions that run behind compute
};

/// The verdict on a measured fabric for a training run, and what it rests on.
struct FitPage {
  ChosenLayout chosen;
  FitRules rules;
  std::vector<std::string> runs;  ///< folders
  std::string transport;

  std::size_t stage = 0;                       ///< the one whose step takes the longest
  StageCompute compute;                        ///< its
  FitReport report;                            ///< likewise
  std::vector<std::optional<CallTime>> times;  ///< of the stage's calls; the curves are those of the MeasuredFabric
  double mfu = 0;                              ///< model FLOPs of a step over ranks x peak x its time
  double ideal_mfu = 0;                        ///< on a fabric of no latency and infinite bandwidth
  std::optional<HidingRule> rule;              ///< of ep's calls; none where some were not measured
  std::vector<std::string> assumed;            ///< sentences: which curve stands for which calls
  std::vector<std::string> left_out;           ///< sentences
  std::vector<std::string> missing;            ///< "all_gather of edp: weft run all_gather …": what would measure it

  const StageTraffic& traffic() const { return chosen.traffic.stages[stage]; }
};

/// Puts every stage of the layout on the fabric, and judges the slowest. `runs` are told, `fabric` outlives the page.
FitPage make_fit_page(ChosenLayout chosen, const FitRules& rules, const MeasuredFabric& fabric,
                      const std::vector<std::string>& runs);

std::string fit_table(const FitPage& page);
std::string fit_markdown(const FitPage& page);
nlohmann::json fit_json(const FitPage& page);

}  // namespace weft::cli
