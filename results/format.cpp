#include "results/format.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/units.hpp"

namespace weft {

std::span<const Format> formats() {
  static const std::array<Format, 6> all = {{
      {"table", "weft's own readable table", make_table_formatter},
      {"nccl", "the columns of nccl-tests", make_nccl_formatter},
      {"osu", "the columns of OSU Micro-Benchmarks", make_osu_formatter},
      {"imb", "the columns of Intel MPI Benchmarks", make_imb_formatter},
      {"json", "an array with one object per point", make_json_formatter},
      {"csv", "the rows of points.csv", make_csv_formatter},
  }};
  return all;
}

const Format& find_format(std::string_view name) {
  std::vector<std::string> names;
  for (const Format& format : formats()) {
    if (format.name == name) return format;
    names.push_back(format.name);
  }
  throw UsageError(unknown_name("format", name, names));
}

bool sends_to_every_peer(const Record& record) {
  for (const char* name : {"all_to_all", "all_to_allv", "dispatch", "combine"})
    if (record.operation == name) return true;
  return false;
}

Bytes peer_benchmark_size(const Record& record) {
  if (sends_to_every_peer(record)) return record.bytes_per_peer;
  if (record.operation == "all_gather" && record.ranks > 0)
    return record.bytes_per_rank / static_cast<Bytes>(record.ranks);
  return record.bytes_per_rank;
}

std::string fixed(double value, int width) {
  for (int decimals = 0 < value && value < 0.9995 ? 3 : 2; decimals > 0; --decimals) {
    std::string text = fmt::format("{:.{}f}", value, decimals);
    // Five significant digits are more than any repetition of the measurement agrees on.
    if (text.size() <= static_cast<std::size_t>(std::min(width - 1, 6))) return text;
  }
  return fmt::format("{:.0f}", value);
}

bool has_figures(const Record& record) { return record.measured() && record.status != "failed"; }

std::string not_measured_line(const Record& record) {
  return fmt::format("# not measured: {} {} over {}: {}: {}\n", format_bytes(record.bytes_per_rank), record.algorithm,
                     record.transport, record.status, record.reason);
}

std::string no_mean_line(const Record& record) {
  return fmt::format("# n/a: {} {} over {}: its log has no mean over the ranks\n", format_bytes(record.bytes_per_rank),
                     record.algorithm, record.transport);
}

std::string operation_title(const Record& record) {
  return record.pattern == record.operation ? record.operation : record.pattern + " " + record.operation;
}

std::string type_title(const Record& record) {
  if (record.op.empty()) return record.dtype;
  return fmt::format("{} {}", record.dtype.empty() ? "?" : record.dtype, record.op);
}

std::string series_title(const Record& record, bool ranks) {
  std::string title = fmt::format("{}, {} over {}", operation_title(record), record.algorithm, record.transport);
  if (ranks) title += fmt::format(", {} ranks", record.ranks);
  if (const std::string type = type_title(record); !type.empty()) title += ", " + type;
  return record.in_place ? title + ", in place" : title;
}

std::string SeriesFormatter::add(const Record& record) {
  std::string text;
  const std::string series = series_of(record);
  if (record.pattern != pattern_) {
    text = end_of_pattern();
    pattern_ = record.pattern;
    printed_ = series;
    text += header(record);
  }
  if (series == printed_) return text + row(record);
  const auto known = std::find_if(held_.begin(), held_.end(), [&](const Series& held) { return held.name == series; });
  if (known == held_.end())
    held_.push_back({series, {record}});
  else
    known->records.push_back(record);
  return text;
}

std::string SeriesFormatter::end_of_pattern() {
  std::string text = end_of_series();
  for (const Series& series : held_) {
    text += header(series.records.front());
    for (const Record& record : series.records) text += row(record);
    text += end_of_series();
  }
  held_.clear();
  return text;
}

std::string SeriesFormatter::finish() { return end_of_pattern() + closing(); }

}  // namespace weft
