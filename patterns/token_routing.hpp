#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "patterns/decisions.hpp"
#include "patterns/model.hpp"

namespace weft {

/// Where one routing sends every token: which experts the router chose, and on which ranks these lie.
class TokenRouting {
 public:
  /// A token at one of its experts.
  struct Copy {
    std::int32_t rank = 0;
    std::int32_t expert = 0;
  };

  /// `experts`: of each rank's tokens, top-k after top-k, as many tokens on every rank. They lie on the ranks in order,
  /// as evenly as can be; there are as many ranks as experts at most.
  TokenRouting(const Model& model, const std::vector<std::vector<std::uint32_t>>& experts);

  int ranks() const { return ranks_; }
  std::uint64_t tokens() const { return tokens_; }  ///< of each rank
  int experts() const { return static_cast<int>(owner_.size()); }
  int top_k() const { return static_cast<int>(top_k_); }

  /// The copies of a rank's token: top-k of them, by rank, then by expert.
  std::span<const Copy> copies(int source, std::uint64_t token) const {
    return std::span<const Copy>(copies_).subspan((static_cast<std::size_t>(source) * tokens_ + token) * top_k_,
                                                  top_k_);
  }

  /// The tokens of `source` that have a copy on one of the ranks from `first` to before `end`, in order.
  std::vector<std::uint64_t> tokens_to(int source, int first, int end) const;
  std::uint64_t count_tokens_to(int source, int first, int end) const;
  /// (token, expert) pairs of `source` on `rank`.
  std::uint64_t count_copies(int source, int rank) const;

  /// Those of all other ranks on `rank`.
  std::uint64_t count_copies_of_others(int rank) const;

  /// The experts of a rank, from the first to before the last.
  int first_expert(int rank) const { return first_expert_[static_cast<std::size_t>(rank)]; }
  int end_expert(int rank) const { return first_expert_[static_cast<std::size_t>(rank) + 1]; }

 private:
  int ranks_;
  std::uint64_t tokens_;
  std::size_t top_k_;
  std::vector<std::int32_t> owner_;         // by expert
  std::vector<std::int32_t> first_expert_;  // by rank, and the end
  std::vector<Copy> copies_;
};

/// Every routing of the decisions, token by token. Throws UsageError where these are not of as many tokens on each of
/// `ranks` ranks, and what reading them throws.
std::vector<std::shared_ptr<const TokenRouting>> route_by_token(const Decisions& decisions, const Model& model,
                                                                int ranks);

/// Whether the token with these copies has one on the ranks from `first` to before `end`.
bool reaches(std::span<const TokenRouting::Copy> copies, int first, int end);

}  // namespace weft
