#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "patterns/model.hpp"
#include "patterns/request.hpp"

namespace weft {

/// Which experts each token chose: drawn by a router or recorded. Routings (a layer in a step) and sources (ranks whose
/// tokens they are) are numbered from 0 as they come.
class Decisions {
 public:
  using TokenAction =
      std::function<void(std::size_t routing, std::size_t source, std::span<const std::uint32_t> experts)>;

  virtual ~Decisions() = default;

  /// Calls `token` for each token, with its distinct experts; the same tokens each time. Gives the rank number that
  /// each source has where it was recorded. Throws UsageError naming file and line where a recording cannot be used.
  virtual std::vector<std::uint64_t> each_token(const TokenAction& token) const = 0;
};

/// What `router` decides for `ranks` ranks: request.tokens for each rank in each routing where it draws; where it
/// replays, what request.replay selects of the recording. Throws UsageError where the router cannot be had.
std::unique_ptr<Decisions> make_decisions(const RouterOptions& router, const Model& model, const Request& request,
                                          int ranks);

}  // namespace weft
