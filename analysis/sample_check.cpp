#include "analysis/sample_check.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/error.hpp"

namespace weft {

namespace {

/// Figures are written with 10 digits; a mean's last ones depend on the order of the sum.
constexpr double kRounding = 1e-6;

std::vector<double> valid_microseconds(const Samples& samples) {
  std::vector<double> times;
  times.reserve(samples.completion.size());
  for (std::size_t i = 0; i < samples.completion.size(); ++i)
    if (samples.valid.empty() || samples.valid[i] != 0) times.push_back(samples.completion[i] / 1000);
  return times;
}

/// Reorders the times.
double median_of(std::vector<double>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return times.size() % 2 == 1 ? *middle : (*middle + *std::max_element(times.begin(), middle)) / 2;
}

void check_row(const std::filesystem::path& path, const Record& record, const Samples* samples) {
  const auto refuse = [&](const std::string& what) {
    throw UsageError(
        fmt::format("{}: point {}: {}, so one of the two files is damaged", path.string(), record.point, what));
  };
  std::vector<double> times = samples != nullptr ? valid_microseconds(*samples) : std::vector<double>();
  if (times.size() != static_cast<std::size_t>(std::max(record.iterations, 0)))
    refuse(fmt::format("there are {} valid samples where points.csv counts {} iterations", times.size(),
                       record.iterations));
  if (times.empty()) return;
  const auto expect = [&](const char* name, double of_samples, double of_row) {
    if (!(std::abs(of_samples - of_row) <= kRounding * std::abs(of_samples)))  // nor where the row's is n/a
      refuse(
          fmt::format("the {} of its samples is {:.10g} us where points.csv says {:.10g}", name, of_samples, of_row));
  };
  expect("mean", std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size()),
         record.time_us_mean);
  expect("minimum", *std::min_element(times.begin(), times.end()), record.time_us_min);
  expect("median", median_of(times), record.time_us_median);
}

}  // namespace

bool check_samples(const Run& run) {
  const std::map<int, Samples> samples = read_samples(run.folder);
  const bool imported = run.info.contains("/provenance/imported"_json_pointer);
  if (samples.empty() && imported) return false;
  const std::filesystem::path path = run.folder / "samples.csv";
  std::size_t found = 0;
  for (const Record& record : run.records) {
    const auto of_point = samples.find(record.point);
    if (of_point != samples.end()) ++found;
    check_row(path, record, of_point != samples.end() ? &of_point->second : nullptr);
  }
  if (found == samples.size()) return true;
  const auto is_row = [&](int point) {
    return std::any_of(run.records.begin(), run.records.end(), [&](const Record& row) { return row.point == point; });
  };
  const auto stray =
      std::find_if(samples.begin(), samples.end(), [&](const auto& series) { return !is_row(series.first); });
  throw UsageError(
      fmt::format("{}: there are samples of point {}, which points.csv does not have", path.string(), stray->first));
}

}  // namespace weft
