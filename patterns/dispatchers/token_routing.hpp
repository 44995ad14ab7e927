#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace weft {

/// Where one routing sends every token: which experts the router chose, and on which ranks these lie. Experts are those
/// that the ranks hold, numbered through rank after rank: a replica has a number of its own.
class TokenRouting {
 public:
  /// A token at one of its experts.
  struct Copy {
    std::int32_t rank = 0;
    std::int32_t expert = 0;
  };

  /// `held`: how many experts each rank holds. `experts`: of each rank's tokens, `top_k` distinct ones after `top_k`;
  /// as many tokens on every rank.
  TokenRouting(std::span<const std::uint64_t> held, std::uint64_t top_k,
               const std::vector<std::vector<std::uint32_t>>& experts);

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

/// Whether the token with these copies has one on the ranks from `first` to before `end`.
bool reaches(std::span<const TokenRouting::Copy> copies, int first, int end);

}  // namespace weft
