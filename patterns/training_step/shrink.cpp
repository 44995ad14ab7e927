#include "patterns/training_step/shrink.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace weft {

namespace {

/// A degree of parallelism, as it was and as it becomes.
struct Degree {
  const char* name;
  std::uint64_t before;
  std::uint64_t after = 1;

  bool takes(std::uint64_t factor) const { return after * factor <= before; }
  double shrinks_by() const { return static_cast<double>(before) / static_cast<double>(after); }
};

std::vector<std::uint64_t> prime_factors(std::uint64_t number) {
  std::vector<std::uint64_t> factors;
  for (std::uint64_t factor = 2; number > 1; ++factor)
    for (; number % factor == 0; number /= factor) factors.push_back(factor);
  std::reverse(factors.begin(), factors.end());
  return factors;
}

/// Gives the product to the degrees, factor by factor: first to those that have none yet, in their order, then to the
/// one that is shrunk most. False where a factor fits nowhere.
bool share_out(std::uint64_t product, std::vector<Degree>& degrees) {
  for (const std::uint64_t factor : prime_factors(product)) {
    Degree* taker = nullptr;
    for (Degree& degree : degrees) {
      if (!degree.takes(factor)) continue;
      const bool first = degree.after == 1 && (taker == nullptr || taker->after > 1);
      const bool larger = taker == nullptr || (taker->after > 1 && degree.shrinks_by() > taker->shrinks_by());
      if (first || larger) taker = &degree;
    }
    if (taker == nullptr) return false;
    taker->after *= factor;
  }
  return true;
}

std::uint64_t in_proportion(std::uint64_t value, double factor) {
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(value) * factor));
}

double ratio(std::uint64_t after, std::uint64_t before) {
  return static_cast<double>(after) / static_cast<double>(before);
}

Shrunk refused(std::string why) {
  Shrunk none;
  none.refused = std::move(why);
  return none;
}

class Shrinking {
 public:
  Shrinking(const ParallelLayout& layout, const Model& model) : before_(layout), model_before_(model) {
    result_.layout = layout;
    result_.model = model;
    result_.ranks_before = layout.ranks;
    result_.model_before = model;
  }

  Shrunk run(std::uint64_t ranks, int divisor) {
    if (!shrink_degrees(ranks)) return refused(refusal(ranks));
    shrink_schedule();
    shrink_model();
    shrink_batch();
    shrink_sequence(static_cast<std::uint64_t>(divisor));
    scale_parameters();
    return std::move(result_);
  }

 private:
  ParallelLayout& layout() { return result_.layout; }

  void say(const char* what, std::uint64_t before, std::uint64_t after) {
    if (before != after) result_.changes.push_back(fmt::format("{} {} -> {}", what, before, after));
  }

  /// False where the ranks cannot be had from the layout's degrees.
  bool shrink_degrees(std::uint64_t ranks) {
    std::vector<Degree> attention = {
        {"PP", before_.pipeline}, {"DP", before_.data()}, {"TP", before_.tensor}, {"CP", before_.context}};
    if (!share_out(ranks, attention)) return false;
    std::vector<Degree> experts = {
        {"EP", before_.expert}, {"EDP", before_.expert_data()}, {"ETP", before_.expert_tensor}};
    if (!share_out(ranks / attention[0].after, experts)) return false;
    layout().ranks = ranks;
    layout().pipeline = attention[0].after;
    layout().tensor = attention[2].after;
    layout().context = attention[3].after;
    if (layout().context == 1) layout().context_exchange = ContextExchange::none;
    layout().expert = experts[0].after;
    layout().expert_tensor = experts[2].after;
    // A job that crossed nodes goes on doing so.
    const std::uint64_t crossing = before_.nodes() > 1 ? std::max<std::uint64_t>(1, ranks / 2) : ranks;
    layout().ranks_per_node = std::min(before_.ranks_per_node, crossing);
    while (ranks % layout().ranks_per_node != 0) --layout().ranks_per_node;
    say("ranks", before_.ranks, ranks);
    say("ranks per node", before_.ranks_per_node, layout().ranks_per_node);
    for (const std::vector<Degree>* degrees : {&attention, &experts})
      for (const Degree& degree : *degrees) say(degree.name, degree.before, degree.after);
    return true;
  }

  std::string refusal(std::uint64_t ranks) const {
    return fmt::format("the degrees of {} cannot be shrunk to {} ranks: take fewer, or a power of two", before_.name,
                       ranks);
  }

  /// One stage has nobody to alternate with.
  void shrink_schedule() {
    if (layout().pipeline > 1 || before_.pipeline == 1 || layout().schedule == PipelineSchedule::dualpipev) return;
    layout().schedule = PipelineSchedule::one_forward_one_backward;
    layout().virtual_stages = 1;
    if (before_.schedule != layout().schedule)
      result_.changes.push_back(
          fmt::format("schedule {} -> {}", name_of(before_.schedule), name_of(layout().schedule)));
  }

  void shrink_model() {
    Model& model = result_.model;
    const double stages = static_cast<double>(layout().pipeline) / static_cast<double>(before_.pipeline);
    const std::uint64_t chunks = layout().pipeline * layout().virtual_stages;
    model.dense_layers = in_proportion(model.dense_layers, stages);
    model.layers = std::max(in_proportion(model.layers, stages), chunks);
    while ((model.layers - model.dense_layers) % model.moe_step != 0) ++model.layers;
    model.experts = std::max(model.experts / before_.expert * layout().expert, layout().expert);
    model.top_k = std::min(model.top_k, model.experts);
    if (model.groups > 1 && (model.experts % model.groups != 0 || model.experts / model.groups < 2)) {
      say("expert groups", model.groups, 1);
      model.groups = model.top_groups = 1;
    }
    say("layers", model_before_.layers, model.layers);
    say("experts", model_before_.experts, model.experts);
    say("experts of a token", model_before_.top_k, model.top_k);
  }

  void shrink_batch() {
    const double stages = static_cast<double>(layout().pipeline) / static_cast<double>(before_.pipeline);
    const std::uint64_t per_stage = in_proportion(before_.micro_batches(), stages);
    // What every schedule serves: a multiple of the stages, and twice as many, where there were as many.
    const std::uint64_t least = std::min(before_.micro_batches(), 2 * layout().pipeline);
    const std::uint64_t wanted = std::max({per_stage, least, std::uint64_t{1}});
    const std::uint64_t micro_batches = (wanted + layout().pipeline - 1) / layout().pipeline * layout().pipeline;
    say("micro-batches", before_.micro_batches(), micro_batches);
    layout().global_batch = micro_batches * layout().micro_batch * layout().data();
  }

  void shrink_sequence(std::uint64_t divisor) {
    const std::uint64_t unit = layout().context * layout().tensor;
    const std::uint64_t wanted = std::max<std::uint64_t>(1, before_.sequence_length / divisor / unit);
    layout().sequence_length = divisor == 1 ? before_.sequence_length : wanted * unit;
    say("sequence length", before_.sequence_length, layout().sequence_length);
    result_.scale = static_cast<double>(layout().tokens()) / static_cast<double>(before_.tokens());
    result_.attended = before_.sequence_length;
  }

  /// Parameters move once a step, which has fewer micro-batches now; and each rank holds more of a matrix that fewer
  /// tensor ranks share, of which it computes no more.
  void scale_parameters() {
    const double step = result_.scale * ratio(layout().micro_batches(), before_.micro_batches());
    result_.dense_parameters = step * ratio(layout().tensor, before_.tensor);
    result_.expert_parameters = step * ratio(layout().expert_tensor, before_.expert_tensor);
  }

  const ParallelLayout& before_;
  const Model& model_before_;
  Shrunk result_;
};

}  // namespace

Shrunk shrink(const ParallelLayout& layout, const Model& model, int ranks, std::optional<int> divisor) {
  const auto wanted = static_cast<std::uint64_t>(ranks);
  if (wanted > layout.ranks)
    return refused(
        fmt::format("layout {} is of {} ranks, fewer than the {} there are", layout.name, layout.ranks, ranks));
  if (wanted == layout.ranks && divisor.value_or(1) == 1)
    return {.layout = layout,
            .model = model,
            .attended = layout.sequence_length,
            .ranks_before = layout.ranks,
            .model_before = model,
            .changes = {},
            .refused = {}};
  const auto fewer = static_cast<int>(layout.ranks / wanted);
  Shrunk shrunk = Shrinking(layout, model).run(wanted, divisor.value_or(fewer));
  if (!shrunk.refused.empty()) return shrunk;
  check_ranks(shrunk.layout);
  check_model(shrunk.layout, shrunk.model);
  return shrunk;
}

}  // namespace weft
