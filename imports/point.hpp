#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "imports/registry.hpp"

#include "core/call.hpp"

namespace weft {

/// What a peer calls the size of a message.
enum class SizeConvention {
  buffer,  ///< nccl-tests: the larger of a rank's two buffers, for gather and scatter the root's
  block,   ///< OSU, IMB: the count of the MPI call, that is one rank's block in all_gather, all_to_all, gather, scatter
};

/// What all rows of one table of a log have in common.
struct LogSeries {
  std::string pattern, operation;
  std::string algorithm = kNative;
  std::string transport;
  int ranks = 0;
  std::string dtype, op;
  bool in_place = false;
  SizeConvention convention = SizeConvention::block;
  int iterations = 1;  ///< 1 where the log does not say over how many a figure is the mean
  int warmup = 0;
  std::string sync;
};

/// The figures of a row, us; what the log does not say stays nothing.
struct LogFigures {
  std::optional<double> median, mean_of_ranks, rank_min, rank_max;
};

/// A row with its sizes in weft's convention and the bandwidths of its time. What the log does not tell is not known
/// (NaN), never guessed.
ImportedPoint make_point(const LogSeries& series, Bytes size, const LogFigures& figures, std::size_t line);

/// The same, of samples (completion in ns).
ImportedPoint make_point(const LogSeries& series, Bytes size, Samples samples, std::size_t line);

/// 2(n - 1) / n for all_reduce, (n - 1) / n where blocks go round, otherwise 1, as nccl-tests.
double busbw_factor(std::string_view operation, int ranks);

/// "sum" where the operation reduces, else empty.
std::string sum_where_reduced(std::string_view operation);

/// The ranks that the log names, or those of the options. Throws UsageError where both differ or neither says.
int ranks_of(const Log& log, const ImportOptions& options, int found, std::size_t line);

/// A series from the headline that weft's own --format nccl, osu and imb write: "all_reduce, ring over shm, 4 ranks,
/// f32 sum, in place". Nothing where the headline is none.
std::optional<LogSeries> series_of_weft(std::string_view headline);

/// Why sizes of this operation of weft's own cannot be had back from its block; empty where they can.
std::string not_importable(const LogSeries& series);

}  // namespace weft
