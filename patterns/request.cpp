#include "patterns/request.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

const std::vector<std::string>& router_kinds() {
  static const std::vector<std::string> kinds = {"uniform", "lognormal", "powerlaw", "one-hot", "hash", "replay"};
  return kinds;
}

std::string describe(const RouterOptions& router) {
  if (router.kind == "uniform") return router.kind;
  if (router.kind == "replay") return fmt::format("{}:{}", router.kind, router.file);
  return fmt::format("{}:{}", router.kind, router.value);
}

int drawn_routings(const Request& request) {
  constexpr int kUsual = 4;
  const int routings = request.routings.value_or(kUsual);
  if (routings < 1 || routings > kMostRoutings)
    throw UsageError(fmt::format("--routings {}: from 1 to {} routings are needed", routings, kMostRoutings));
  return routings;
}

void check_tokens(const Request& request) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 24;
  if (request.tokens < 1 || request.tokens > kMost)
    throw UsageError(fmt::format("--tokens {}: from 1 to {} tokens per rank are needed", request.tokens, kMost));
}

}  // namespace weft
