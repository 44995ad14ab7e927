#include "patterns/token_routing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

TokenRouting::TokenRouting(const Model& model, const std::vector<std::vector<std::uint32_t>>& experts)
    : ranks_(static_cast<int>(experts.size())), tokens_(experts.front().size() / model.top_k), top_k_(model.top_k) {
  const std::uint64_t ranks = experts.size();
  for (std::uint64_t rank = 0; rank < ranks; ++rank) {
    first_expert_.push_back(static_cast<std::int32_t>(owner_.size()));
    const std::uint64_t mine = model.experts / ranks + (rank < model.experts % ranks ? 1 : 0);
    owner_.insert(owner_.end(), mine, static_cast<std::int32_t>(rank));
  }
  first_expert_.push_back(static_cast<std::int32_t>(owner_.size()));
  copies_.reserve(ranks * tokens_ * top_k_);
  std::vector<std::uint32_t> chosen(top_k_);
  for (const std::vector<std::uint32_t>& of_rank : experts)
    for (auto token = of_rank.begin(); token != of_rank.end(); token += static_cast<std::ptrdiff_t>(top_k_)) {
      std::copy_n(token, top_k_, chosen.begin());
      std::sort(chosen.begin(), chosen.end());  // and so by rank
      for (const std::uint32_t expert : chosen) copies_.push_back({owner_[expert], static_cast<std::int32_t>(expert)});
    }
}

std::vector<std::shared_ptr<const TokenRouting>> route_by_token(const Decisions& decisions, const Model& model,
                                                                int ranks) {
  std::vector<std::vector<std::vector<std::uint32_t>>> experts;  // by routing, by rank
  const auto n = static_cast<std::size_t>(ranks);
  std::size_t sources = 0;
  decisions.each_token([&](std::size_t routing, std::size_t source, std::span<const std::uint32_t> chosen) {
    if (experts.size() <= routing) experts.resize(routing + 1, std::vector<std::vector<std::uint32_t>>(n));
    sources = std::max(sources, source + 1);
    if (source < n) experts[routing][source].insert(experts[routing][source].end(), chosen.begin(), chosen.end());
  });
  std::vector<std::shared_ptr<const TokenRouting>> routings;
  for (const auto& of_ranks : experts) {
    const bool even = std::all_of(of_ranks.begin(), of_ranks.end(),
                                  [&](const auto& mine) { return !mine.empty() && mine.size() == of_ranks[0].size(); });
    if (!even || sources != n)
      throw UsageError(fmt::format(
          "--dispatcher: the tokens are not as many on each of {} ranks: replay a recording of as many ranks "
          "with as many tokens each, or leave --dispatcher out",
          ranks));
    routings.push_back(std::make_shared<TokenRouting>(model, of_ranks));
  }
  return routings;
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
