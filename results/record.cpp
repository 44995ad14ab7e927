#include "results/record.hpp"

#include <fmt/format.h>

namespace weft {

std::string Record::key() const {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", pattern, operation, algorithm, transport, ranks, dtype, op,
                     in_place ? "in place" : "out of place", bytes_per_rank, bytes_per_peer);
}

}  // namespace weft
