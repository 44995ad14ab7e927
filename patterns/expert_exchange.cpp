#include "patterns/expert_exchange.hpp"

namespace weft {

std::vector<ExpertExchange> expert_exchanges(const Request& request) {
  std::vector<ExpertExchange> exchanges;
  for (const bool backward : {false, true}) {
    if (!(backward ? request.backward_pass : request.forward_pass)) continue;
    const std::string suffix = backward ? "_backward" : "";
    exchanges.push_back(
        {.name = "dispatch" + suffix, .to_experts = true, .backward = backward, .format = request.dispatch_format});
    exchanges.push_back(
        {.name = "combine" + suffix, .to_experts = false, .backward = backward, .format = request.combine_format});
  }
  return exchanges;
}

}  // namespace weft
