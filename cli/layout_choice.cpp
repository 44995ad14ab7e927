#include "cli/layout_choice.hpp"

#include <fmt/format.h>

#include "cli/models.hpp"
#include "core/error.hpp"

namespace weft::cli {

namespace {

Model model_of(const LayoutChoice& choice, const ParallelLayout& layout) {
  if (!choice.model.empty()) return load_model(choice.model, models_directory());
  try {
    return load_model(layout.model, models_directory());
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: \"model\": {}", layout.file, error.what()));
  }
}

/// Numbers of bytes are printed as whole ones.
void check_sizes(const ParallelLayout& layout, const StepTraffic& traffic) {
  for (const StageTraffic& stage : traffic.stages)
    if (!(stage.step_wire() < 0x1p62))
      throw UsageError(
          fmt::format("{}: a rank would send {:.1e} bytes in a step, more than any machine: \"global_batch\" {} x "
                      "\"sequence_length\" {} is too much for it",
                      layout.file, stage.step_wire(), layout.global_batch, layout.sequence_length));
}

}  // namespace

void add_model_of_layout(CLI::App& command, LayoutChoice& choice) {
  command.add_option("--model", choice.model, "Another model than the layout's: a name, or the path of a config.json")
      ->type_name("MODEL");
  command.add_option("--ranks-per-node", choice.ranks_per_node, "Instead of the layout's")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
}

ChosenLayout choose_layout(const LayoutChoice& choice) {
  ChosenLayout chosen;
  chosen.layout = load_layout(choice.layout, layouts_directory());
  if (choice.ranks_per_node != 0) {
    chosen.layout.ranks_per_node = choice.ranks_per_node;
    check_ranks(chosen.layout);
  }
  chosen.model = model_of(choice, chosen.layout);
  check_model(chosen.layout, chosen.model);
  chosen.traffic = step_traffic(chosen.layout, chosen.model);
  check_sizes(chosen.layout, chosen.traffic);
  return chosen;
}

}  // namespace weft::cli
