#include "results/columns.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "results/impossible.hpp"

namespace weft {

namespace {

using Applies = bool (*)(const Record&);

bool always(const Record&) { return true; }
bool when_measured(const Record& record) { return record.measured(); }

template <typename Number>
bool read_number(std::string_view text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size();
}

Column text_column(std::string name, std::string Record::*member) {
  return {std::move(name), "", ColumnKind::text, [member](const Record& record) { return record.*member; },
          [member](Record& record, std::string_view text) {
            record.*member = text;
            return true;
          }};
}

Column flag_column(std::string name, bool Record::*member) {
  return {std::move(name), "", ColumnKind::flag,
          [member](const Record& record) { return std::string(record.*member ? "true" : "false"); },
          [member](Record& record, std::string_view text) {
            record.*member = text == "true";
            return text == "true" || text == "false";
          }};
}

template <typename Integer>
Column integer_column(std::string name, std::string unit, Integer Record::*member, Applies applies = always) {
  return {std::move(name), std::move(unit), ColumnKind::number,
          [=](const Record& record) { return applies(record) ? fmt::format("{}", record.*member) : std::string(); },
          [=](Record& record, std::string_view text) { return text.empty() || read_number(text, record.*member); }};
}

Column real_column(std::string name, std::string unit, double Record::*member, Applies applies = when_measured) {
  return {std::move(name), std::move(unit), ColumnKind::number,
          [=](const Record& record) {
            return applies(record) && std::isfinite(record.*member) ? fmt::format("{:.10g}", record.*member)
                                                                    : std::string();
          },
          [=](Record& record, std::string_view text) {
            // An imported row may have iterations and not know the figure.
            const bool not_known = text.empty() && applies == when_measured && record.measured();
            if (not_known) record.*member = std::numeric_limits<double>::quiet_NaN();
            return text.empty() || (read_number(text, record.*member) && std::isfinite(record.*member));
          }};
}

std::vector<Column> identity_columns() {
  return {
      integer_column("point", "", &Record::point),
      text_column("pattern", &Record::pattern),
      text_column("operation", &Record::operation),
      text_column("algorithm", &Record::algorithm),
      text_column("transport", &Record::transport),
      integer_column("ranks", "", &Record::ranks),
      text_column("dtype", &Record::dtype),
      text_column("op", &Record::op),
      flag_column("in_place", &Record::in_place),
      integer_column("bytes_per_rank", "B", &Record::bytes_per_rank),
      integer_column("bytes_per_peer", "B", &Record::bytes_per_peer),
      integer_column("wire_bytes", "B", &Record::wire_bytes),
      integer_column("logical_bytes", "B", &Record::logical_bytes, [](const Record& r) { return r.logical_bytes > 0; }),
      integer_column("iterations", "", &Record::iterations),
      integer_column("warmup", "", &Record::warmup),
      integer_column("batch", "", &Record::batch, when_measured),
      real_column("effective_n", "", &Record::effective_n, [](const Record& r) { return r.effective_n > 0; })};
}

std::vector<Column> time_columns() {
  return {
      real_column("time_us_median", "us", &Record::time_us_median),
      real_column("time_us_median_low", "us", &Record::time_us_median_low,
                  [](const Record& r) { return r.time_us_median_low > 0; }),
      real_column("time_us_median_high", "us", &Record::time_us_median_high,
                  [](const Record& r) { return r.time_us_median_high > 0; }),
      real_column("time_us_min", "us", &Record::time_us_min),
      real_column("time_us_max", "us", &Record::time_us_max),
      real_column("time_us_mean", "us", &Record::time_us_mean),
      real_column("time_us_p05", "us", &Record::time_us_p05, [](const Record& r) { return r.time_us_p05 > 0; }),
      real_column("time_us_p95", "us", &Record::time_us_p95, [](const Record& r) { return r.time_us_p95 > 0; }),
      real_column("time_us_p99", "us", &Record::time_us_p99, [](const Record& r) { return r.time_us_p99 > 0; }),
      real_column("time_us_p999", "us", &Record::time_us_p999, [](const Record& r) { return r.time_us_p999 > 0; }),
      real_column("time_us_mean_of_ranks", "us", &Record::time_us_mean_of_ranks),
      real_column("time_us_rank_min", "us", &Record::time_us_rank_min),
      real_column("time_us_rank_max", "us", &Record::time_us_rank_max),
      real_column("time_us_first", "us", &Record::time_us_first, [](const Record& r) { return r.time_us_first > 0; })};
}

std::vector<Column> result_columns() {
  return {
      real_column("algbw_GBps", "GB/s", &Record::algbw_gbps, [](const Record& r) { return r.algbw_gbps > 0; }),
      real_column("busbw_GBps", "GB/s", &Record::busbw_gbps, [](const Record& r) { return r.busbw_gbps > 0; }),
      real_column("wirebw_GBps", "GB/s", &Record::wirebw_gbps, [](const Record& r) { return r.wirebw_gbps > 0; }),
      real_column("logicalbw_GBps", "GB/s", &Record::logicalbw_gbps,
                  [](const Record& r) { return r.logicalbw_gbps > 0; }),
      real_column("imbalance", "", &Record::imbalance, [](const Record& r) { return r.imbalance > 0; }),
      real_column("bubble", "", &Record::bubble, [](const Record& r) { return r.bubble >= 0; }),
      real_column("bubble_formula", "", &Record::bubble_formula, [](const Record& r) { return r.bubble_formula >= 0; }),
      integer_column("slowest_rank", "", &Record::slowest_rank, [](const Record& r) { return r.slowest_rank >= 0; }),
      real_column("slowest_share", "", &Record::slowest_share, [](const Record& r) { return r.slowest_rank >= 0; }),
      integer_column("outliers", "", &Record::outliers, when_measured),
      real_column("invalid_share", "", &Record::invalid_share,
                  [](const Record& r) { return r.measured() || r.invalid_share > 0; }),
      text_column("sync", &Record::sync),
      real_column("start_skew_us", "us", &Record::start_skew_us),
      real_column("clock_bound_us", "us", &Record::clock_bound_us),
      real_column("clock_closure_us", "us", &Record::clock_closure_us),
      text_column("stop", &Record::stop),
      flag_column("steady", &Record::steady),
      integer_column("switches_voluntary", "", &Record::switches_voluntary,
                     [](const Record& r) { return r.switches_voluntary >= 0; }),
      integer_column("switches_involuntary", "", &Record::switches_involuntary,
                     [](const Record& r) { return r.switches_involuntary >= 0; }),
      real_column("steal_share", "", &Record::steal_share, [](const Record& r) { return r.steal_share >= 0; }),
      text_column("wrong", &Record::wrong),
      text_column("cache", &Record::cache),
      flag_column("oversubscribed", &Record::oversubscribed),
      text_column("status", &Record::status),
      text_column("reason", &Record::reason),
      text_column("notes", &Record::notes)};
}

/// Columns that came when schema 2 was in use: at the end, and files from before lack them.
std::vector<Column> later_columns() {
  return {integer_column("wire_bytes_between_nodes", "B", &Record::wire_bytes_between_nodes,
                         [](const Record& r) { return r.wire_bytes_between_nodes >= 0; }),
          integer_column("wire_bytes_inside_node", "B", &Record::wire_bytes_inside_node,
                         [](const Record& r) { return r.wire_bytes_inside_node >= 0; }),
          real_column("internodebw_GBps", "GB/s", &Record::internodebw_gbps,
                      [](const Record& r) { return r.internodebw_gbps > 0; }),
          real_column("intranodebw_GBps", "GB/s", &Record::intranodebw_gbps,
                      [](const Record& r) { return r.intranodebw_gbps > 0; })};
}

/// The columns that a table with this header is to have.
std::vector<std::string> names_expected(const std::vector<std::string>& header) {
  std::vector<std::string> names = column_names();
  const std::size_t first = names.size() - later_columns().size();
  if (header.size() == first) names.resize(first);
  return names;
}

/// Nothing that is measured is below zero, but for a difference of clocks.
bool is_negative(const Column& column, std::string_view text) {
  return column.kind == ColumnKind::number && text.starts_with('-') && column.name != "clock_closure_us";
}

}  // namespace

std::span<const Column> columns() {
  static const std::vector<Column> all = [] {
    std::vector<Column> table = identity_columns();
    for (const std::vector<Column>& part : {time_columns(), result_columns(), later_columns()})
      table.insert(table.end(), part.begin(), part.end());
    return table;
  }();
  return all;
}

std::vector<std::string> column_names() {
  std::vector<std::string> names;
  for (const Column& column : columns()) names.push_back(column.name);
  return names;
}

std::vector<std::string> fields_of(const Record& record) {
  std::vector<std::string> fields;
  for (const Column& column : columns()) fields.push_back(column.write(record));
  return fields;
}

std::vector<Record> records_of(const CsvTable& table) {
  expect_header(table, names_expected(table.header));
  const auto refuse = [&table](const CsvRow& row, const std::string& what) {
    throw UsageError(fmt::format("{}, line {}: {}", table.path.string(), row.line, what));
  };
  std::vector<Record> records;
  std::set<int> points;
  std::map<std::string, int> keys;
  for (const CsvRow& row : table.rows) {
    Record record;
    for (std::size_t i = 0; i < row.fields.size(); ++i)
      if (is_negative(columns()[i], row.fields[i]) || !columns()[i].read(record, row.fields[i]))
        refuse(row, cannot_be(columns()[i].name, row.fields[i]));
    if (const std::string problem = impossible(record); !problem.empty()) refuse(row, problem);
    if (!points.insert(record.point).second) refuse(row, fmt::format("point {} comes twice", record.point));
    const auto [same, is_new] = keys.emplace(record.key(), record.point);
    if (!is_new) refuse(row, fmt::format("point {} is the same as point {}", record.point, same->second));
    records.push_back(std::move(record));
  }
  return records;
}

nlohmann::json to_json(const Record& record) {
  nlohmann::json object = nlohmann::json::object();
  for (const Column& column : columns()) {
    const std::string text = column.write(record);
    if (text.empty())
      object[column.name] = nullptr;
    else if (column.kind == ColumnKind::text)
      object[column.name] = text;
    else
      object[column.name] = nlohmann::json::parse(text);  // a number or true or false: JSON's own spelling
  }
  return object;
}

}  // namespace weft
