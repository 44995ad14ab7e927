#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/call.hpp"

namespace weft {

/// A bijection of 64-bit words that spreads every bit (the finaliser of splitmix64, Steele, Lea & Flood 2014).
inline std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// Elements that differ between two runs of `bytes`, a multiple of `element`.
std::uint64_t differing_elements(const void* a, const void* b, Bytes bytes, Bytes element);

/// The payload of the collectives that reduce (see payload.hpp). Elements are numbered over the whole input, 0 … n x
/// count - 1 for reduce_scatter. A table of patterns is computed once; long inputs are made of segments of it at
/// pseudo-random places, so that filling and checking run at the speed of memcpy and memcmp.
class Summands {
 public:
  Summands(const Call& call, std::uint64_t salt);

  /// This rank's input.
  void fill(std::byte* input) const;
  /// Elements of the result that are wrong.
  std::uint64_t count_wrong(const std::byte* result) const;

 private:
  /// The bits with which element `index` of the table is stored: as this rank contributes it, or the result over all.
  std::uint64_t contribution(std::uint64_t index) const;
  std::uint64_t result(std::uint64_t index) const;
  std::vector<std::byte> table(std::uint64_t (Summands::*value)(std::uint64_t) const) const;
  /// Where in the table segment `segment` of the input begins, in elements.
  std::uint64_t place(std::uint64_t segment) const;

  const Call& call_;
  std::uint64_t salt_;
  std::uint64_t elements_;    ///< of the whole input
  std::uint64_t table_size_;  ///< elements
};

}  // namespace weft
