#include "results/sample_rows.hpp"

#include <charconv>

#include <fmt/format.h>

#include "core/error.hpp"
#include "results/csv.hpp"
#include "results/run_folder.hpp"

namespace weft {

namespace {

Nanoseconds number_in(const CsvTable& table, const CsvRow& row, std::size_t column) {
  const std::string& text = row.fields[column];
  Nanoseconds value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    throw UsageError(fmt::format("{}, line {}: '{}' is no value for the column {}", table.path.string(), row.line, text,
                                 sample_columns()[column]));
  return value;
}

}  // namespace

const std::vector<std::string>& sample_columns() {
  static const std::vector<std::string> names = {"point", "iteration", "completion_ns", "slowest_rank"};
  return names;
}

std::string sample_lines(int point, const Samples& samples) {
  std::string lines;
  for (std::size_t i = 0; i < samples.completion.size(); ++i)
    lines += fmt::format("{},{},{},{}\r\n", point, i, samples.completion[i],
                         i < samples.slowest.size() ? samples.slowest[i] : -1);
  return lines;
}

std::map<int, Samples> read_samples(const std::filesystem::path& folder) {
  read_run_info(folder);
  const CsvTable table = read_csv(folder / "samples.csv");
  expect_header(table, sample_columns());
  std::map<int, Samples> samples;
  for (const CsvRow& row : table.rows) {
    Samples& of_point = samples[static_cast<int>(number_in(table, row, 0))];
    of_point.completion.push_back(static_cast<double>(number_in(table, row, 2)));
    of_point.slowest.push_back(static_cast<int>(number_in(table, row, 3)));
  }
  return samples;
}

}  // namespace weft
