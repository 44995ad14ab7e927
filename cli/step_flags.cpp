#include "cli/step_flags.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

constexpr const char* kSizes = "what is sent follows from --layout and its model";

/// Flags of one pattern alone.
constexpr std::pair<const char*, const char*> kOfOnePattern[] = {
    {"--victims", "congest"}, {"--aggressor-bytes", "congest"}, {"--goal", "goal"}, {"--goal-eager", "goal"}};

constexpr std::pair<const char*, const char*> kFromElsewhere[] = {
    {"--min-bytes", kSizes},
    {"--max-bytes", kSizes},
    {"--factor", kSizes},
    {"--dtype", kSizes},
    {"--op", "gradients are summed"},
    {"--in-place", kSizes},
    {"--tokens", "a micro-batch's tokens are \"sequence_length\" x \"micro_batch\" of --layout"},
    {"--micro-batches", "they follow from \"global_batch\" of --layout"},
    {"--stages", "they are \"pipeline\" of --layout"},
    {"--virtual-stages", "they are \"virtual_stages\" of --layout"},
    {"--schedule", "it is \"schedule\" of --layout"},
    {"--dispatcher", "it is \"dispatcher\" of --layout"},
    {"--dispatch-format", "it is \"dispatch_format\" of --layout"},
    {"--combine-format", "it is \"combine_format\" of --layout"},
    {"--ranks-per-node", "it is \"ranks_per_node\" of --layout, and of a simulated fabric ranks-per-node of --fabric"},
    {"--placement", "experts lie on the ranks of \"expert\" of --layout in order"},
    {"--pass", "a step has both passes"},
    {"--forward", "compute follows from the model's FLOPs, --peak and --efficiency"},
    {"--backward", "compute follows from the model's FLOPs, --peak and --efficiency"},
    {"--weight-gradient", "compute follows from the model's FLOPs, --peak and --efficiency"},
};

}  // namespace

void refuse_flags_without_meaning(const CLI::App& command, const std::vector<std::string>& patterns) {
  for (const auto& [flag, pattern] : kOfOnePattern)
    if (command.get_option(flag)->count() > 0 && std::find(patterns.begin(), patterns.end(), pattern) == patterns.end())
      throw UsageError(
          fmt::format("{}: has no meaning for {}, it is of the pattern {}", flag, join(patterns, ", "), pattern));
  if (patterns != std::vector<std::string>{"training_step"}) return;
  for (const auto& [flag, source] : kFromElsewhere)
    if (command.get_option(flag)->count() > 0)
      throw UsageError(fmt::format("{}: has no meaning for training_step, {}", flag, source));
}

}  // namespace weft::cli
