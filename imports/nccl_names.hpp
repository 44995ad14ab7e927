#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "imports/point.hpp"

namespace weft {

/// weft's name of what a program of nccl-tests measures: "all_reduce_perf" or ".../alltoall_perf_mpi" to all_reduce,
/// all_to_all; sendrecv_perf to ring_shift (each rank sends to the next). Empty where the word names none.
std::string operation_of_nccl_program(std::string_view word);

/// weft's name of an element type; types that weft lacks keep nccl-tests' name.
std::string dtype_of_nccl(std::string_view type);

/// Fills in pattern, operation, op and the conventions of nccl-tests: the size is the buffer, nothing starts the ranks
/// together.
LogSeries nccl_series(const std::string& operation, std::string_view type, std::string_view redop, int ranks,
                      const ImportOptions& options);

/// The sentence for a log that names no program.
std::string no_nccl_operation();

}  // namespace weft
