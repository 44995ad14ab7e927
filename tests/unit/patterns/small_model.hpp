#pragma once

#include <cstdint>

#include "patterns/model.hpp"

namespace weft {

/// A model as far as routers look at it.
inline Model shape(std::uint64_t experts, std::uint64_t top_k, std::uint64_t groups = 1, std::uint64_t top_groups = 1) {
  Model model;
  model.name = "test";
  model.hidden = 8;
  model.expert_intermediate = 4;
  model.experts = experts;
  model.top_k = top_k;
  model.groups = groups;
  model.top_groups = top_groups;
  return model;
}

}  // namespace weft
