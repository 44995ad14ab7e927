#pragma once

#include <cstdint>
#include <vector>

#include "collectives/execute.hpp"
#include "collectives/program.hpp"

namespace weft {

/// What one point does on one rank: programs to be timed and a way to check what they did. Made by a pattern, run by
/// measure.
class Workload {
 public:
  Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  virtual ~Workload() = default;

  /// This rank's programs; iteration i runs programs()[i % size]. Not lowered. At least one; the same number on every
  /// rank.
  virtual const std::vector<Program>& programs() const = 0;

  /// Writes the input of the given program and poisons its result. Never inside the timed region.
  virtual void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const = 0;

  /// Wrong elements after the program has run on what fill() wrote with the same salt.
  virtual std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const = 0;

  /// Whether every rank waits for every other it talks to, so that calls back to back cannot run ahead of each other:
  /// only then may several make one sample.
  virtual bool keeps_pace() const { return false; }

  /// Bytes that this rank puts on the wire when it runs the given program, by the formula.
  virtual Bytes wire_bytes(std::size_t program) const = 0;
};

}  // namespace weft
