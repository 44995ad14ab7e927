#include "measure/arrival.hpp"

#include <algorithm>

#include <boost/random/seed_seq.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

namespace weft {

std::string describe(const Arrival& arrival) {
  switch (arrival.pattern) {
    case ArrivalPattern::one_late:
      return fmt::format("one-late:{}:{}ns", arrival.rank, arrival.duration);
    case ArrivalPattern::random:
      return fmt::format("random:{}ns", arrival.duration);
    case ArrivalPattern::ramp:
      return fmt::format("ramp:{}ns", arrival.duration);
    case ArrivalPattern::together:
      break;
  }
  return "together";
}

ArrivalDelays::ArrivalDelays(const Arrival& arrival, int rank, int ranks, std::uint64_t seed) : arrival_(arrival) {
  boost::random::seed_seq seeds{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                                static_cast<std::uint32_t>(rank)};
  engine_.seed(seeds);
  if (arrival.pattern == ArrivalPattern::one_late && rank == arrival.rank) fixed_ = arrival.duration;
  if (arrival.pattern == ArrivalPattern::ramp) fixed_ = arrival.duration / std::max(1, ranks - 1) * rank;
}

Nanoseconds ArrivalDelays::next() {
  if (arrival_.pattern != ArrivalPattern::random) return fixed_;
  return boost::random::uniform_int_distribution<Nanoseconds>(0, arrival_.duration)(engine_);
}

}  // namespace weft
