#include "cli/routing_json.hpp"

#include <nlohmann/json.hpp>

namespace weft::cli {

nlohmann::json to_json(std::span<const RoutingFact> facts) {
  nlohmann::json object = nlohmann::json::object();
  for (const RoutingFact& fact : facts) object[fact.name] = {{"measured", fact.measured}, {"uniform", fact.uniform}};
  return object;
}

}  // namespace weft::cli
