#pragma once

#include <vector>

#include "collectives/registry.hpp"
#include "collectives/workload.hpp"

namespace weft {

/// A workload whose every program is one collective: one program per call, run in turn.
class CollectiveWorkload : public Workload {
 public:
  /// `algorithm` null: the transport's own. The calls are this rank's view. Throws UsageError where the algorithm
  /// refuses one.
  CollectiveWorkload(const Algorithm* algorithm, std::vector<Call> calls);

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  Bytes wire_bytes(std::size_t program) const override;
  bool keeps_pace() const override;

 private:
  const Algorithm* algorithm_;
  std::vector<Call> calls_;
  std::vector<Program> programs_;
};

}  // namespace weft
