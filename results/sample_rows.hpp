#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "results/samples.hpp"

namespace weft {

/// The columns of samples.csv.
const std::vector<std::string>& sample_columns();

/// The columns of rank_samples.csv.
const std::vector<std::string>& rank_sample_columns();

/// The lines of samples.csv for one point, one per sample.
std::string sample_lines(int point, const Samples& samples);

/// How many samples have the times of every rank.
std::size_t rank_sample_count(const RankTimes& times);

/// The lines of rank_samples.csv for one point, one per rank and sample of the samples [first, last).
std::string rank_sample_lines(int point, const RankTimes& times, std::size_t first, std::size_t last);

}  // namespace weft
