#include "patterns/pipeline_traffic.hpp"

#include "patterns/token_bytes.hpp"

namespace weft {

Bytes stage_message(const Model& model, std::uint64_t tokens) {
  return tokens * token_bytes(TokenFormat::bf16, model.hidden) * model.streams;
}

std::vector<CallTraffic> pipeline_traffic(const ParallelLayout& layout, const Model& model, const StageWork& work) {
  const auto message = static_cast<double>(stage_message(model, layout.tokens()));
  const auto call = [&](const char* name, std::uint64_t number) {
    return CallTraffic{.dimension = "pp",
                       .call = name,
                       .formula = "PP",
                       .calls = number,
                       .bytes = message,
                       .wire = message,
                       .collective = Collective::send_recv,
                       .ranks = 2};
  };
  return {call("activations", work.activations_sent), call("gradients", work.gradients_sent)};
}

}  // namespace weft
