#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "results/record.hpp"
#include "results/samples.hpp"

namespace weft {

/// Fills the columns that follow from the samples: times, bandwidths, slowest rank, iterations, how they were measured
/// and what disturbed them, wrong, and status with its reason. The caller has filled bytes_per_rank, wire_bytes and
/// logical_bytes. Every statistic is of the valid samples. Where there are too few independent ones, an interval or
/// percentile stays 0; a batch has no percentiles.
/// Status: "wrong" where the payload was; "failed" where too_many_late; else "ok".
/// Bandwidths are bytes over the median time: algbw = bytes_per_rank / time, busbw = algbw * busbw_factor.
void summarise(const Samples& samples, double busbw_factor, Record& record);

/// Samples of which a rank started late. Those that lack their load are not among them.
std::size_t late_samples(const Samples& samples);

/// Whether so many of all samples started late that the point is none: more than 5 %, and more than two, since in a few
/// samples of a long operation one or two say nothing.
bool too_many_late(std::size_t late, std::size_t all);

/// Above it a row's reason says so.
inline constexpr double kMostStartUncertainty = 0.05;

/// Bound of the clocks + start skew, as a share of the median sample, which may be of several calls; without the skew
/// where it was asked for (--arrival); 0 with --sync none, where times are of one rank each.
double start_uncertainty(const Record& record);

/// What the row's notes have of a key; empty where they have nothing.
std::string note_of(const Record& record, std::string_view key);

/// The note with the number of samples that lack their load (Samples::uncovered); absent where none does.
inline constexpr std::string_view kUncoveredNote = "uncovered";

/// The imbalance that was asked for, as the row's notes have it ("one-late:0:100us"); empty where none was.
std::string arrival_of(const Record& record);

}  // namespace weft
