#include "results/sample_rows.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "results/run_folder.hpp"

namespace weft {

namespace {

enum SampleColumn : std::size_t { kPoint, kIteration, kCompletion, kSlowest, kSkew, kValid };

/// Reads the rows of one file, and says of a damaged field where it stands.
class SampleReader {
 public:
  explicit SampleReader(const std::filesystem::path& path) : path_(path) {}

  std::map<int, Samples> read() {
    read_csv_rows(path_, sample_columns(), [this](std::size_t line, CsvFields fields) { take(line, fields); });
    return std::move(samples_);
  }

 private:
  void take(std::size_t line, CsvFields fields) {
    line_ = line;
    const int point = number<int>(fields, kPoint, 0);
    if (current_ == nullptr || point != current_point_) {
      current_ = &samples_[point];
      current_point_ = point;
    }
    expect_iteration(number<std::size_t>(fields, kIteration, 0), current_->completion.size());
    current_->completion.push_back(number<double>(fields, kCompletion, 0));
    current_->slowest.push_back(number<int>(fields, kSlowest, -1));
    current_->start_skew.push_back(number<Nanoseconds>(fields, kSkew, 0));
    const bool valid = fields[kValid] == "true";
    if (!valid && fields[kValid] != "false") refuse(fields, kValid);
    current_->valid.push_back(valid ? 1 : 0);
  }

  void expect_iteration(std::size_t found, std::size_t next) const {
    if (found == next) return;
    throw UsageError(fmt::format("{}, line {}: iteration {} of point {} {}", path_.string(), line_, found,
                                 current_point_,
                                 found < next ? "comes twice" : fmt::format("comes where {} should be", next)));
  }

  template <typename Number>
  Number number(CsvFields fields, SampleColumn column, Number least) const {
    const std::string_view text = fields[column];
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || !std::isfinite(static_cast<double>(value)) || value < least) refuse(fields, column);
    return value;
  }

  [[noreturn]] void refuse(CsvFields fields, SampleColumn column) const {
    throw UsageError(fmt::format("{}, line {}: '{}' is no value for the column {}", path_.string(), line_,
                                 fields[column], sample_columns()[column]));
  }

  const std::filesystem::path& path_;
  std::map<int, Samples> samples_;
  Samples* current_ = nullptr;
  int current_point_ = 0;
  std::size_t line_ = 0;
};

}  // namespace

const std::vector<std::string>& sample_columns() {
  static const std::vector<std::string> names = {"point",        "iteration",     "completion_ns",
                                                 "slowest_rank", "start_skew_ns", "valid"};
  return names;
}

const std::vector<std::string>& rank_sample_columns() {
  static const std::vector<std::string> names = {"point", "iteration", "rank", "start_ns", "end_ns"};
  return names;
}

std::string sample_lines(int point, const Samples& samples) {
  std::string lines;
  for (std::size_t i = 0; i < samples.completion.size(); ++i)
    fmt::format_to(std::back_inserter(lines), "{},{},{:.10g},{},{},{}\r\n", point, i, samples.completion[i],
                   i < samples.slowest.size() ? samples.slowest[i] : -1,
                   i < samples.start_skew.size() ? samples.start_skew[i] : 0,
                   i >= samples.valid.size() || samples.valid[i] != 0);
  return lines;
}

std::size_t rank_sample_count(const RankTimes& times) { return times.ranks > 0 ? times.start.size() : 0; }

std::string rank_sample_lines(int point, const RankTimes& times, std::size_t first, std::size_t last) {
  std::string lines;
  const auto ranks = static_cast<std::size_t>(times.ranks);
  for (std::size_t sample = first; sample < last; ++sample) {
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const std::size_t at = sample * ranks + rank;
      const Nanoseconds start = times.start[sample] + times.start_off[at];
      fmt::format_to(std::back_inserter(lines), "{},{},{},{},{}\r\n", point, sample, rank, start,
                     start + times.duration[at]);
    }
  }
  return lines;
}

std::map<int, Samples> read_samples(const std::filesystem::path& folder) {
  const Run run = read_run(folder);
  const std::filesystem::path path = folder / "samples.csv";
  std::map<int, Samples> samples = SampleReader(path).read();
  for (const Record& record : run.records) {
    const auto of_point = samples.find(record.point);
    if (of_point == samples.end()) continue;  // of an import, which has no samples
    const std::vector<char>& valid = of_point->second.valid;
    const auto count = std::count(valid.begin(), valid.end(), char{1});
    if (count != record.iterations)
      throw UsageError(fmt::format("{}: has {} valid samples of point {} where points.csv counts {}", path.string(),
                                   count, record.point, record.iterations));
  }
  return samples;
}

}  // namespace weft
