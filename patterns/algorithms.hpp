#pragma once

#include <span>
#include <string>
#include <vector>

#include "collectives/registry.hpp"
#include "patterns/registry.hpp"
#include "patterns/request.hpp"

namespace weft {

/// One way of doing a collective that a point shall be made for.
struct Choice {
  std::string name;                      ///< as in the result row
  const Algorithm* algorithm = nullptr;  ///< null: the transport's own (`native`), or refused
  bool automatic = false;                ///< chosen here, not named by the user
  bool absent = false;                   ///< the collective has no algorithm of that name, whatever the size
  std::string refused = {};              ///< not empty: a sentence
};

/// What the request's algorithms mean for a call:
///  - none named: one, automatic: of those of the collective's list that do not refuse the one whose cost is the least
///    (Algorithm::cost), the first where costs are equal or not known;
///  - "all": native, and every algorithm that does not refuse, or only may as long as the nodes are not known;
///  - names: exactly those; one that the collective does not have, or that refuses, comes with a sentence.
std::vector<Choice> choose_algorithms(const std::vector<std::string>& named, const Call& call);

/// Throws UsageError, with the nearest right name, where a named algorithm belongs to none of the patterns'
/// collectives.
void validate_algorithms(const Request& request, std::span<const Pattern* const> patterns);

}  // namespace weft
