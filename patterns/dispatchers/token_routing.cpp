#include "patterns/dispatchers/token_routing.hpp"

#include <algorithm>

namespace weft {

TokenRouting::TokenRouting(std::span<const std::uint64_t> held, std::uint64_t top_k,
                           const std::vector<std::vector<std::uint32_t>>& experts)
    : ranks_(static_cast<int>(held.size())), tokens_(experts.front().size() / top_k), top_k_(top_k) {
  for (const std::uint64_t mine : held) {
    const auto rank = static_cast<std::int32_t>(first_expert_.size());
    first_expert_.push_back(static_cast<std::int32_t>(owner_.size()));
    owner_.insert(owner_.end(), mine, rank);
  }
  first_expert_.push_back(static_cast<std::int32_t>(owner_.size()));
  copies_.reserve(held.size() * tokens_ * top_k_);
  std::vector<std::uint32_t> chosen(top_k_);
  for (const std::vector<std::uint32_t>& of_rank : experts)
    for (auto token = of_rank.begin(); token != of_rank.end(); token += static_cast<std::ptrdiff_t>(top_k_)) {
      std::copy_n(token, top_k_, chosen.begin());
      std::sort(chosen.begin(), chosen.end());  // and so by rank
      for (const std::uint32_t expert : chosen) copies_.push_back({owner_[expert], static_cast<std::int32_t>(expert)});
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

std::uint64_t TokenRouting::count_copies_of_others(int rank) const {
  std::uint64_t count = 0;
  for (int source = 0; source < ranks_; ++source) count += source == rank ? 0 : count_copies(source, rank);
  return count;
}

bool reaches(std::span<const TokenRouting::Copy> copies, int first, int end) {
  return std::any_of(copies.begin(), copies.end(),
                     [=](const TokenRouting::Copy& copy) { return first <= copy.rank && copy.rank < end; });
}

}  // namespace weft
