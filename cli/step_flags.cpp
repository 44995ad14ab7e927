#include "cli/step_flags.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft::cli {

namespace {

constexpr const char* kSizes = "what is sent follows from --layout and its model";
constexpr const char* kOfCongest = "it is of the pattern congest";
constexpr const char* kOfGoal = "it is of the pattern goal";

constexpr std::pair<const char*, const char*> kFromElsewhere[] = {
    {"--min-bytes", kSizes},
    {"--max-bytes", kSizes},
    {"--factor", kSizes},
    {"--dtype", kSizes},
    {"--op", "gradients are summed"},
    {"--in-place", kSizes},
    {"--victims", kOfCongest},
    {"--aggressor-bytes", kOfCongest},
    {"--goal", kOfGoal},
    {"--goal-eager", kOfGoal},
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
  if (patterns != std::vector<std::string>{"training_step"}) return;
  for (const auto& [flag, source] : kFromElsewhere)
    if (command.get_option(flag)->count() > 0)
      throw UsageError(fmt::format("{}: has no meaning for training_step, {}", flag, source));
}

}  // namespace weft::cli
