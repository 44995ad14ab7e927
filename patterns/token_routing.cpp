#include "patterns/token_routing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

TokenRouting::TokenRouting(const Router& router, const Model& model, std::uint64_t tokens, int ranks)
    : ranks_(ranks), tokens_(tokens), top_k_(model.top_k) {
  const auto n = static_cast<std::uint64_t>(ranks);
  if (n > model.experts)
    throw UsageError(fmt::format("{} has {} experts: {} ranks cannot each hold one", model.name, model.experts, ranks));
  for (std::uint64_t rank = 0; rank < n; ++rank) {
    first_expert_.push_back(static_cast<std::int32_t>(owner_.size()));
    owner_.insert(owner_.end(), model.experts / n + (rank < model.experts % n ? 1 : 0),
                  static_cast<std::int32_t>(rank));
  }
  first_expert_.push_back(static_cast<std::int32_t>(owner_.size()));
  copies_.reserve(n * tokens * top_k_);
  std::vector<std::uint32_t> chosen(top_k_);
  for (std::uint64_t source = 0; source < n; ++source) {
    Router::Random random = router.stream(source);
    for (std::uint64_t token = 0; token < tokens; ++token) {
      router.draw(random, chosen);
      std::sort(chosen.begin(), chosen.end());  // and so by rank
      for (const std::uint32_t expert : chosen) copies_.push_back({owner_[expert], static_cast<std::int32_t>(expert)});
    }
  }
}

std::vector<std::uint64_t> TokenRouting::tokens_to(int source, int first, int end) const {
  std::vector<std::uint64_t> found;
  for (std::uint64_t token = 0; token < tokens_; ++token)
    if (reaches(copies(source, token), first, end)) found.push_back(token);
  return found;
}

std::uint64_t TokenRouting::count_tokens_to(int source, int first, int end) const {
  std::uint64_t count = 0;
  for (std::uint64_t token = 0; token < tokens_; ++token) count += reaches(copies(source, token), first, end) ? 1 : 0;
  return count;
}

std::uint64_t TokenRouting::count_copies(int source, int rank) const {
  std::uint64_t count = 0;
  for (std::uint64_t token = 0; token < tokens_; ++token)
    for (const Copy& copy : copies(source, token)) count += copy.rank == rank ? 1 : 0;
  return count;
}

bool reaches(std::span<const TokenRouting::Copy> copies, int first, int end) {
  return std::any_of(copies.begin(), copies.end(),
                     [=](const TokenRouting::Copy& copy) { return first <= copy.rank && copy.rank < end; });
}

}  // namespace weft
