#pragma once

#include "results/record.hpp"
#include "results/samples.hpp"

namespace weft {

/// Fills the columns that follow from the samples: times, bandwidths, slowest rank, iterations, warm-up, wrong, and
/// status ("ok" or "wrong") with the reason why the payload was not checked. The caller has filled bytes_per_rank,
/// wire_bytes and logical_bytes. With no samples only `wrong` and the status are set.
/// Bandwidths are bytes over the median time: algbw = bytes_per_rank / time, busbw = algbw * busbw_factor.
void summarise(const Samples& samples, double busbw_factor, Record& record);

}  // namespace weft
