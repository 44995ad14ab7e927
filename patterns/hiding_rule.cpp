#include "patterns/hiding_rule.hpp"

#include "patterns/token_bytes.hpp"

namespace weft {

double most_flop_per_byte(const Model& model) { return 2 * static_cast<double>(model.expert_intermediate); }

HidingRule hiding_rule(const ParallelLayout& layout, const Model& model, double all_to_alls, double ns, double peak) {
  const Bytes both =
      token_bytes(layout.dispatch_format, model.hidden) + token_bytes(layout.combine_format, model.hidden);
  const auto pairs = static_cast<double>(layout.tokens() * model.top_k);
  const double gbps = all_to_alls / 2 * pairs * static_cast<double>(both) / ns;
  return {.gbps = gbps, .flop_per_byte = peak / gbps};
}

}  // namespace weft
