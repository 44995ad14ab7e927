#pragma once

#include <string>
#include <vector>

#include "patterns/request.hpp"

namespace weft {

/// One of the exchanges of a layer with experts in a step.
struct ExpertExchange {
  std::string name;       ///< the operation: "dispatch"
  bool to_experts;        ///< a dispatch; else a combine
  bool backward = false;  ///< of gradients: the ranks know the routing from the forward pass
  TokenFormat format;
};

/// Those that the request asks for. Forward `dispatch` and `combine`; backward `dispatch_backward`, the gradient of the
/// combine, which goes to the experts as a dispatch does, and `combine_backward`, the gradient of the dispatch, which
/// comes back from them; in the formats of either (DeepSeek-V3's report).
std::vector<ExpertExchange> expert_exchanges(const Request& request);

}  // namespace weft
