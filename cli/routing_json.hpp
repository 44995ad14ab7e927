#pragma once

#include <span>

#include <nlohmann/json_fwd.hpp>

#include "patterns/routing_facts.hpp"

namespace weft::cli {

/// {"rank_imbalance": {"measured": 1.31, "uniform": 1}, …}; null where there is no figure.
nlohmann::json to_json(std::span<const RoutingFact> facts);

}  // namespace weft::cli
