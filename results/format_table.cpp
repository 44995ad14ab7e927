#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/units.hpp"
#include "results/format.hpp"
#include "results/summary.hpp"

namespace weft {

namespace {

/// One column of the table, for the groups that have it.
struct TableColumn {
  std::string title;
  bool left;
  std::function<std::string(const Record&)> text;
};

TableColumn time_column(const std::string& title, double Record::*member) {
  return {title, false, [member](const Record& r) { return std::isnan(r.*member) ? "-" : fixed(r.*member, 9); }};
}

/// n/a where there are too few samples for it.
TableColumn percentile_column(const std::string& title, double Record::*member) {
  return {title, false, [member](const Record& r) { return r.*member > 0 ? fixed(r.*member, 9) : "n/a"; }};
}

/// Half the width of the median's interval, as a share of the median.
std::string half_width(const Record& r) {
  if (r.time_us_median_low <= 0 || r.time_us_median <= 0) return "n/a";
  const double percent = 50 * (r.time_us_median_high - r.time_us_median_low) / r.time_us_median;
  return percent > 100 ? ">100%" : fmt::format("{:.{}f}%", percent, percent < 9.95 ? 1 : 0);
}

TableColumn ratio_column(const std::string& title, double Record::*member) {
  return {title, false, [member](const Record& r) { return r.*member >= 0 ? fmt::format("{:.3f}", r.*member) : "-"; }};
}

TableColumn bandwidth_column(const std::string& title, double Record::*member) {
  return {title, false, [member](const Record& r) { return r.*member > 0 ? fmt::format("{:.3f}", r.*member) : "-"; }};
}

std::string slowest(const Record& r) {
  return r.slowest_rank < 0 ? "-" : fmt::format("{} ({:.0f}%)", r.slowest_rank, 100 * r.slowest_share);
}

bool is_barrier(const Record& r) { return r.operation == "barrier"; }
bool has_imbalance(const Record& r) { return r.imbalance > 0; }
bool has_bubble(const Record& r) { return r.bubble_formula >= 0 || r.bubble >= 0; }
bool has_logical(const Record& r) { return r.logical_bytes > 0; }
bool crosses_nodes(const Record& r) { return r.internodebw_gbps > 0; }
bool is_batched(const Record& r) { return r.batch > 1; }
bool lacks_load(const Record& r) { return !note_of(r, kUncoveredNote).empty(); }
bool starts_late(const Record& r) { return r.invalid_share > 0 && !lacks_load(r); }
bool starts_apart(const Record& r) { return start_uncertainty(r) > kMostStartUncertainty; }

/// Characters of UTF-8 text.
std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// A mark behind the rows of which there is something to know, and what it is.
struct Mark {
  std::string sign;
  bool (*applies)(const Record&);
  std::string meaning;
};

const std::vector<Mark>& marks() {
  static const std::vector<Mark> all = {
      {"*", starts_late, "some samples started late: they are in no figure"},
      {"°", lacks_load, "some samples started late, or their load did not last: they are in no figure"},
      {"~", [](const Record& r) { return !r.steady; }, "the times did not become steady"},
      {"!", starts_apart, "clock bound and start skew are more than 5% of the median sample"}};
  return all;
}

std::string marks_of(const Record& r) {
  std::string signs;
  for (const Mark& mark : marks())
    if (mark.applies(r)) signs += mark.sign;
  return signs;
}

bool any(const std::vector<Record>& group, bool (*applies)(const Record&)) {
  return std::any_of(group.begin(), group.end(), [&](const Record& r) { return r.measured() && applies(r); });
}

/// The columns that say which point a row is: filled for points without figures too.
std::vector<TableColumn> point_columns(const Record& first) {
  std::vector<TableColumn> columns;
  if (!is_barrier(first)) {
    columns.push_back({"B/rank", false, [](const Record& r) { return short_bytes(r.bytes_per_rank); }});
    if (sends_to_every_peer(first))
      columns.push_back({"B/peer", false, [](const Record& r) { return short_bytes(r.bytes_per_peer); }});
    columns.push_back({"type", true, type_title});
  }
  if (first.pattern != first.operation)
    columns.push_back({"operation", true, [](const Record& r) { return r.operation; }});
  columns.push_back({"algorithm", true, [](const Record& r) { return r.algorithm; }});
  columns.push_back({"transport", true, [](const Record& r) { return r.transport; }});
  return columns;
}

std::vector<TableColumn> figure_columns(const std::vector<Record>& group) {
  const Record& first = group.front();
  const bool imported = std::isnan(first.time_us_median);  // what its log has is a mean
  std::vector<TableColumn> columns = {imported ? time_column("mean us", &Record::time_us_mean_of_ranks)
                                               : time_column("median us", &Record::time_us_median),
                                      {"±", false, half_width},
                                      time_column("min", &Record::time_us_min),
                                      percentile_column("p95", &Record::time_us_p95),
                                      percentile_column("p99", &Record::time_us_p99),
                                      time_column("max", &Record::time_us_max),
                                      {"n", false, [](const Record& r) { return std::to_string(r.iterations); }}};
  if (any(group, is_batched))
    columns.push_back({"batch", false, [](const Record& r) { return std::to_string(r.batch); }});
  const auto has_skew = [](const Record& r) { return starts_apart(r) || !arrival_of(r).empty(); };
  if (any(group, has_skew)) columns.push_back(time_column("skew", &Record::start_skew_us));
  if (!is_barrier(first) && !has_logical(first) && !has_bubble(first)) {
    columns.push_back(bandwidth_column("alg GB/s", &Record::algbw_gbps));
    columns.push_back(bandwidth_column("bus GB/s", &Record::busbw_gbps));
  }
  if (has_logical(first)) {
    columns.push_back(bandwidth_column("wire GB/s", &Record::wirebw_gbps));
    columns.push_back(bandwidth_column("logical", &Record::logicalbw_gbps));
  }
  if (any(group, crosses_nodes)) {
    columns.push_back(bandwidth_column("inter GB/s", &Record::internodebw_gbps));
    columns.push_back(bandwidth_column("intra GB/s", &Record::intranodebw_gbps));
  }
  if (has_imbalance(first)) columns.push_back(ratio_column("max/mean", &Record::imbalance));
  if (has_bubble(first)) {
    columns.push_back(ratio_column("bubble", &Record::bubble));
    columns.push_back(ratio_column("formula", &Record::bubble_formula));
  }
  columns.push_back({"slowest", false, slowest});
  columns.push_back({"wrong", false, [](const Record& r) { return r.wrong; }});
  return columns;
}

std::string sync_of(const Record& r) { return r.sync; }
std::string cache_of(const Record& r) { return r.cache; }

/// The different values of the measured rows, in order of appearance: "round-time", "rotate/hot"; empty without any.
std::string values_of(const std::vector<Record>& group, std::string (*value_of)(const Record&)) {
  std::vector<std::string> values;
  for (const Record& r : group) {
    const std::string value = value_of(r);
    if (r.measured() && !value.empty() && std::find(values.begin(), values.end(), value) == values.end())
      values.push_back(value);
  }
  return join(values, "/");
}

/// "n 30", "n 30 to 1000".
std::string counts_of(const std::vector<Record>& group) {
  int least = 0;
  int most = 0;
  for (const Record& r : group) {
    if (!r.measured()) continue;
    least = least == 0 ? r.iterations : std::min(least, r.iterations);
    most = std::max(most, r.iterations);
  }
  if (most == 0) return {};
  return least == most ? fmt::format("n {}", most) : fmt::format("n {} to {}", least, most);
}

std::string title_of(const Record& r) {
  return fmt::format("{}, {} ranks{}{}", r.pattern, r.ranks, r.in_place ? ", in place" : "",
                     r.oversubscribed ? ", more ranks than cores" : "");
}

/// Records belong to one group as long as they show the same columns.
std::string group_of(const Record& r) {
  return fmt::format("{}|{}|{}|{}|{}|{}", title_of(r), is_barrier(r), sends_to_every_peer(r), has_imbalance(r),
                     has_bubble(r), has_logical(r));
}

std::string heading_of(const std::vector<Record>& group) {
  std::string heading = title_of(group.front());
  for (const auto& [what, value] : {std::pair("sync ", values_of(group, sync_of)),
                                    {"arrival ", values_of(group, arrival_of)},
                                    {"cache ", values_of(group, cache_of)},
                                    {"", counts_of(group)}})
    if (!value.empty()) heading += fmt::format(", {}{}", what, value);
  return heading;
}

/// Rows of several groups may come in turns, as those of a log that has sizes out of place and in place: a pattern's
/// groups are printed when it ends.
class TableFormatter final : public Formatter {
 public:
  std::string add(const Record& record) override {
    std::string text;
    if (!groups_.empty() && groups_.front().front().pattern != record.pattern) text = finish();
    const auto group = std::find_if(groups_.begin(), groups_.end(), [&, name = group_of(record)](const auto& known) {
      return group_of(known.front()) == name;
    });
    if (group == groups_.end())
      groups_.push_back({record});
    else
      group->push_back(record);
    return text;
  }

  std::string finish() override {
    std::string text;
    for (const std::vector<Record>& group : groups_) text += table_of(group);
    groups_.clear();
    return text;
  }

 private:
  static std::string table_of(const std::vector<Record>& group) {
    const std::vector<TableColumn> points = point_columns(group.front());
    std::vector<TableColumn> columns = points;
    for (TableColumn& column : figure_columns(group)) columns.push_back(std::move(column));
    std::vector<std::vector<std::string>> rows(1);
    for (const TableColumn& column : columns) rows.front().push_back(column.title);
    for (const Record& record : group) {
      const std::size_t filled = record.measured() ? columns.size() : points.size();
      rows.emplace_back();
      for (std::size_t i = 0; i < filled; ++i) rows.back().push_back(columns[i].text(record));
    }
    std::string text = fmt::format("\n{}\n{}", heading_of(group), lines_of(rows, columns, group));
    for (const Mark& mark : marks())
      if (any(group, mark.applies)) text += fmt::format(" {} {}\n", mark.sign, mark.meaning);
    return text;
  }

  /// Every column as wide as its widest cell.
  static std::string lines_of(const std::vector<std::vector<std::string>>& rows,
                              const std::vector<TableColumn>& columns, const std::vector<Record>& group) {
    std::vector<std::size_t> widths(columns.size());
    for (const std::vector<std::string>& row : rows)
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
    std::string text;
    for (std::size_t line = 0; line < rows.size(); ++line) {
      for (std::size_t i = 0; i < rows[line].size(); ++i) {
        const std::string padding(widths[i] - display_width(rows[line][i]), ' ');
        text +=
            fmt::format(" {}{}", columns[i].left ? rows[line][i] : padding, columns[i].left ? padding : rows[line][i]);
      }
      if (line > 0) text += remark_on(group[line - 1]);
      text += "\n";
    }
    return text;
  }

  static std::string remark_on(const Record& record) {
    const std::string signs = record.measured() ? marks_of(record) : "";
    std::string text = signs.empty() ? signs : fmt::format(" {}", signs);
    if (record.status != "ok")
      text += fmt::format("  {}{}{}", record.status, record.reason.empty() ? "" : ": ", record.reason);
    return text;
  }

  std::vector<std::vector<Record>> groups_;
};

}  // namespace

std::unique_ptr<Formatter> make_table_formatter() { return std::make_unique<TableFormatter>(); }

}  // namespace weft
