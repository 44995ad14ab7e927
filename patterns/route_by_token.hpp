#pragma once

#include <memory>
#include <vector>

#include "patterns/decisions.hpp"
#include "patterns/dispatchers/token_routing.hpp"
#include "patterns/model.hpp"
#include "patterns/routing_placements.hpp"

namespace weft {

/// Every routing of the decisions, token by token; the experts lie and the sources are ranks as in count_routings, so
/// that the copies from rank to rank are as many as there. Throws UsageError where the tokens are not as many on each
/// of the layout's ranks or too many to be kept one by one, and what count_routings throws.
std::vector<std::shared_ptr<const TokenRouting>> route_by_token(const Decisions& decisions, const Model& model,
                                                                const ExpertLayout& layout);

}  // namespace weft
