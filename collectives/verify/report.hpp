#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "collectives/verify.hpp"

namespace weft::verify {

/// One step of one rank's program.
struct Place {
  int rank = 0;
  int lane = 0;
  std::size_t step = 0;
};

/// "out[16, 32)"
std::string describe(const Region& region);
/// "send out[16, 32) to rank 3"
std::string describe(const Step& step);
/// "rank 1, lane ring, step 5 (recv out[16, 32) from rank 0)"
std::string describe(std::span<const Program> programs, const Place& place);

const Step& step_at(std::span<const Program> programs, const Place& place);

/// Gathers findings; the first kMost are kept, because one fault often shows at every rank.
class Report {
 public:
  explicit Report(std::span<const Program> programs) : programs_(programs) {}

  void add(std::string sentence);
  void add(const Place& place, const std::string& what) { add(describe(programs_, place) + ": " + what); }
  bool empty() const { return findings_.empty(); }
  std::span<const Program> programs() const { return programs_; }
  Findings take();

 private:
  static constexpr std::size_t kMost = 32;

  std::span<const Program> programs_;
  Findings findings_;
  std::size_t left_out_ = 0;
};

}  // namespace weft::verify
