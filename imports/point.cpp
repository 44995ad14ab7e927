#include "imports/point.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "imports/possible.hpp"
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "results/summary.hpp"

namespace weft {

namespace {

constexpr std::array<std::string_view, 9> kBlocks = {"all_gather",  "all_gatherv", "all_to_all",
                                                     "all_to_allv", "gather",      "gatherv",
                                                     "scatter",     "scatterv",    "reduce_scatter"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A row before its figures.
Record describe(const LogSeries& series, Bytes size) {
  Record record;
  record.pattern = series.pattern;
  record.operation = series.operation;
  record.algorithm = series.algorithm;
  record.transport = series.transport;
  record.ranks = series.ranks;
  record.dtype = series.dtype;
  record.op = series.op;
  record.in_place = series.in_place;
  // A reduce-scatter is given by its input in every peer but IMB's block form, whose reader multiplies itself.
  const bool of_one_block = series.convention == SizeConvention::block && is_one_of(series.operation, kBlocks) &&
                            series.operation != "reduce_scatter";
  const auto ranks = static_cast<Bytes>(series.ranks);
  record.bytes_per_rank = of_one_block ? whole_of_blocks(size, series.ranks) : size;
  record.bytes_per_peer =
      series.operation.starts_with("all_to_all") ? record.bytes_per_rank / ranks : record.bytes_per_rank;
  record.warmup = series.warmup;
  record.sync = series.sync;
  record.wrong = "n/a";
  record.status = "ok";
  return record;
}

void forget(const std::initializer_list<double*>& figures) {
  for (double* const figure : figures) *figure = std::numeric_limits<double>::quiet_NaN();
}

/// What no log of a peer tells.
void forget_what_only_weft_measures(Record& r) {
  forget({&r.invalid_share, &r.start_skew_us, &r.clock_bound_us, &r.clock_closure_us});
}

std::optional<int> count_before(std::string_view text, std::string_view unit) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() != 2 || words[1] != unit) return std::nullopt;
  const std::optional<std::uint64_t> count = whole_number_of(words[0]);
  return count && *count > 0 && *count < 1'000'000'000 ? std::optional(static_cast<int>(*count)) : std::nullopt;
}

}  // namespace

ImportedPoint make_point(const LogSeries& series, Bytes size, const LogFigures& figures, std::size_t line) {
  ImportedPoint point{describe(series, size), {}, line, size};
  Record& r = point.record;
  r.iterations = series.iterations;
  forget({&r.time_us_median, &r.time_us_min, &r.time_us_max, &r.time_us_mean, &r.time_us_mean_of_ranks,
          &r.time_us_rank_min, &r.time_us_rank_max});
  forget_what_only_weft_measures(r);
  if (figures.median) r.time_us_median = *figures.median;
  if (figures.mean_of_ranks) r.time_us_mean_of_ranks = *figures.mean_of_ranks;
  if (figures.rank_min) r.time_us_rank_min = *figures.rank_min;
  if (figures.rank_max) r.time_us_rank_max = *figures.rank_max;
  r.algbw_gbps = gigabytes_per_second(r.bytes_per_rank, 1000 * r.time_us());
  r.busbw_gbps = r.algbw_gbps * busbw_factor(r.operation, r.ranks);
  return point;
}

ImportedPoint make_point(const LogSeries& series, Bytes size, Samples samples, std::size_t line) {
  ImportedPoint point{describe(series, size), std::move(samples), line, size};
  Record& r = point.record;
  point.samples.sync = series.sync;
  point.samples.warmup = series.warmup;
  summarise(point.samples, busbw_factor(r.operation, r.ranks), r);
  forget({&r.time_us_mean_of_ranks, &r.time_us_rank_min, &r.time_us_rank_max});
  forget_what_only_weft_measures(r);
  return point;
}

double busbw_factor(std::string_view operation, int ranks) {
  const double share = static_cast<double>(ranks - 1) / ranks;
  if (operation == "all_reduce") return 2 * share;
  return is_one_of(operation, kBlocks) ? share : 1;
}

std::string sum_where_reduced(std::string_view operation) {
  return operation.find("reduce") != std::string_view::npos ? "sum" : "";
}

int ranks_of(const Log& log, const ImportOptions& options, int found, std::size_t line) {
  if (found == 0 && options.ranks == 0)
    throw UsageError(
        fmt::format("{}: does not say how many ranks were measured: say it with --ranks", log.path.string()));
  if (found > 0 && options.ranks > 0 && found != options.ranks)
    refuse_log(log, line, fmt::format("is of {} ranks, where --ranks says {}", found, options.ranks));
  return std::max(found, options.ranks);
}

std::optional<LogSeries> series_of_weft(std::string_view headline) {
  const std::vector<std::string> parts = split(headline, ',');
  if (parts.size() < 2) return std::nullopt;
  LogSeries series;
  const std::vector<std::string_view> title = words_of(parts[0]);
  const std::vector<std::string_view> carrier = words_of(parts[1]);
  if (title.empty() || title.size() > 2 || carrier.size() != 3 || carrier[1] != "over") return std::nullopt;
  series.pattern = title.front();
  series.operation = title.back();
  series.algorithm = carrier[0];
  series.transport = carrier[2];
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const std::vector<std::string_view> words = words_of(parts[i]);
    if (const std::optional<int> ranks = count_before(parts[i], "ranks"))
      series.ranks = *ranks;
    else if (parts[i] == "in place")
      series.in_place = true;
    else if (!words.empty() && words.size() <= 2) {
      if (words[0] != "?") series.dtype = words[0];
      if (words.size() == 2) series.op = words[1];
    }
  }
  return series;
}

std::string not_importable(const LogSeries& series) {
  if (series.pattern != "moe" && series.pattern != "pipeline") return {};
  return fmt::format("{} {}: its table has one of its two sizes only, its run folder has both", series.pattern,
                     series.operation);
}

}  // namespace weft
