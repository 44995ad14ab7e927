#include "patterns/request.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

void check_tokens(const Request& request) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 24;
  if (request.tokens < 1 || request.tokens > kMost)
    throw UsageError(fmt::format("--tokens {}: from 1 to {} tokens per rank are needed", request.tokens, kMost));
}

}  // namespace weft
