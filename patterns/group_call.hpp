#pragma once

#include <string>
#include <vector>

#include "collectives/execute.hpp"
#include "collectives/registry.hpp"

namespace weft {

/// A collective on some of the ranks, as one of them sees it.
struct GroupCall {
  std::string name;                      ///< "ep dispatch forward inside a node"; the same on all of its ranks
  int lane = 0;                          ///< that calls it
  const Algorithm* algorithm = nullptr;  ///< does not refuse the call
  Call call;                             ///< with rank and ranks of the group
  std::vector<int> ranks;                ///< those of the group, in its order
};

/// The group calls of one rank, each a routine of its program with memory of its own, and with payload that can be
/// checked whatever order they are called in.
class Routines {
 public:
  explicit Routines(std::vector<GroupCall> calls);

  /// Adds all of them to a program that has no routine yet; routine i is call i. Raises its spaces.
  void add_to(Program& program);

  void fill(const Buffers& buffers, std::uint64_t salt) const;
  /// Bytes that this rank sends by them in one execution of the program, by their formulas.
  Bytes wire_bytes(const Program& program) const;
  /// Wrong elements of the calls' results, of those routines that the program called.
  std::uint64_t count_wrong(const Program& program, const Buffers& buffers, std::uint64_t salt) const;
  const std::vector<GroupCall>& calls() const { return calls_; }

 private:
  /// Where a call's spaces begin in the program's.
  struct Offsets {
    Bytes in = 0;
    Bytes out = 0;
    Bytes scratch = 0;
  };
  static Buffers shifted(const Buffers& buffers, const Offsets& offsets);
  /// How often the program calls each.
  std::vector<std::uint64_t> times_called(const Program& program) const;

  std::vector<GroupCall> calls_;
  std::vector<Offsets> offsets_;
};

}  // namespace weft
