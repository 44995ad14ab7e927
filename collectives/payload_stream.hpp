#pragma once

#include <cstdint>

#include "core/units.hpp"

namespace weft {

/// Pseudo-random bytes for data that is only moved; what stands where depends on nothing but the key and the place.
class PayloadStream {
 public:
  explicit PayloadStream(std::uint64_t key) : key_(key) {}
  /// Of what goes from one to another; `salt` changes it from iteration to iteration.
  PayloadStream(std::uint64_t salt, std::uint32_t from, std::uint32_t to);

  /// What comes from there on, a multiple of 8.
  PayloadStream from(Bytes offset) const { return PayloadStream(key_ + offset); }

  void fill(std::byte* into, Bytes bytes) const;
  /// Elements of so many bytes that differ.
  std::uint64_t count_wrong(const std::byte* data, Bytes bytes, Bytes element) const;

 private:
  std::uint64_t key_;
};

}  // namespace weft
