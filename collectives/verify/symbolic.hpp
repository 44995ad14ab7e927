#pragma once

#include <array>
#include <vector>

#include "collectives/verify/simulation.hpp"

namespace weft::verify {

/// The memory of all ranks, executed symbolically: an element is the multiset of the input elements (rank, index) that
/// were combined into it, held as the sum of their 64-bit fingerprints (equal multisets have equal sums; others by a
/// chance of 2^-64). Elements that nothing was written to are unlike any input.
class SymbolicMemory : public Observer {
 public:
  /// One call per rank; regions must be whole elements of `unit` bytes.
  SymbolicMemory(std::span<const Program> programs, std::span<const Call> calls, Bytes unit);

  void executed(const Place& place, const Step& step) override;
  void delivered(const Place& send, const Place& recv, Bytes bytes) override;

  /// Compares every rank's `out` with the definition of the collective.
  void check(Report& report) const;

 private:
  using Elements = std::span<std::uint64_t>;

  Elements at(int rank, const Region& region);
  /// What is wrong with an element: "rank 2's share is missing".
  std::string difference(const Call& call, std::uint64_t index, std::uint64_t found) const;

  std::span<const Program> programs_;
  std::span<const Call> calls_;
  Bytes unit_;
  std::vector<std::array<std::vector<std::uint64_t>, 3>> memory_;  ///< per rank and space
};

/// A barrier moves no data: instead every rank must have heard of every other, directly or not, before it leaves.
class BarrierKnowledge : public Observer {
 public:
  explicit BarrierKnowledge(std::span<const Program> programs);

  void executed(const Place& place, const Step& step) override;
  void delivered(const Place& send, const Place& recv, Bytes bytes) override;

  void check(Report& report) const;

 private:
  using Ranks = std::vector<bool>;

  std::vector<Ranks> heard_;     ///< per rank: of whom it has heard
  std::vector<Ranks> arriving_;  ///< per rank: in messages that it has not yet waited for
};

}  // namespace weft::verify
