#pragma once

#include <vector>

#include "collectives/workload.hpp"
#include "patterns/dispatchers/dispatcher.hpp"

namespace weft {

enum class DispatchDirection : std::uint8_t { dispatch, combine };

/// A combine adds up the bytes of its copies as BF16 numbers of this size, whatever format they stand for.
inline constexpr Bytes kSummedBytes = 2;

/// One rank of an exchange of tokens, a program for each routing. The payload tells every token from every other:
/// dispatch is checked copy by copy where it arrives, combine token by token where the sum must be exact. For that the
/// copies are seen as BF16 numbers, which are small whole ones, and the weights of a token's experts are 1 or 2, so
/// that every sum is at most 256: exact in bf16 in whatever order, and each byte of each copy has its part in it.
class DispatchWorkload : public Workload {
 public:
  /// The dispatcher must outlive it and not refuse the exchanges.
  DispatchWorkload(const TokenDispatcher& dispatcher, std::vector<Exchange> exchanges, DispatchDirection direction,
                   int rank);

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  Bytes wire_bytes(std::size_t program) const override;

 private:
  std::uint64_t count_wrong_copies(std::size_t program, const Buffers& buffers, std::uint64_t salt) const;
  std::uint64_t count_wrong_sums(std::size_t program, const Buffers& buffers, std::uint64_t salt) const;
  /// Sum of the weights of the token's experts on the ranks that `arrival` serves.
  std::uint64_t weight_of(const TokenRouting& routing, const ArrivingCopy& arrival) const;

  const TokenDispatcher& dispatcher_;
  std::vector<Exchange> exchanges_;
  DispatchDirection direction_;
  int rank_;
  std::vector<Program> programs_;
};

}  // namespace weft
