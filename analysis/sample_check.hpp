#pragma once

#include "results/run_folder.hpp"

namespace weft {

/// Checks a run's rows against its samples.csv: each row that was measured has as many valid samples as iterations, and
/// its median, minimum and mean are theirs; no sample is without a row. Throws UsageError naming the file and the
/// point, and as read_samples. False where there is no sample at all, as in an import: then nothing was checked.
bool check_samples(const Run& run);

}  // namespace weft
