#include <functional>
#include <vector>

#include <fmt/format.h>

#include "core/units.hpp"
#include "results/format.hpp"

namespace weft {

namespace {

/// One column of the table, for the groups that have it.
struct TableColumn {
  std::string title;
  int width;
  bool left;
  std::function<std::string(const Record&)> text;
};

std::string cell(const std::string& text, int width, bool left) {
  return left ? fmt::format(" {:<{}}", text, width) : fmt::format(" {:>{}}", text, width);
}

TableColumn time_column(const std::string& title, double Record::*member) {
  return {title, 9, false, [member](const Record& r) { return fixed(r.*member, 9); }};
}

/// Binary units as everywhere; what is no round number is rounded to three digits: 28.9M.
std::string short_bytes(Bytes bytes) {
  std::string exact = format_bytes(bytes);
  if (exact.size() <= 5) return exact;
  double scaled = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; scaled >= 1024; ++unit) scaled /= 1024;
  return fmt::format("{:.1f}{}", scaled, std::string(" KMGTPE").substr(unit, 1));
}

TableColumn bandwidth_column(const std::string& title, double Record::*member) {
  return {title, 8, false,
          [member](const Record& r) { return r.*member > 0 ? fmt::format("{:.3f}", r.*member) : "-"; }};
}

TableColumn ratio_column(const std::string& title, double Record::*member) {
  return {title, 9, false,
          [member](const Record& r) { return r.*member >= 0 ? fmt::format("{:.3f}", r.*member) : "-"; }};
}

std::string slowest(const Record& r) {
  return r.slowest_rank < 0 ? "-" : fmt::format("{} ({:.0f}%)", r.slowest_rank, 100 * r.slowest_share);
}

bool is_barrier(const Record& r) { return r.operation == "barrier"; }
bool has_imbalance(const Record& r) { return r.imbalance > 0; }
bool has_bubble(const Record& r) { return r.bubble_formula >= 0 || r.bubble >= 0; }
bool has_logical(const Record& r) { return r.logical_bytes > 0; }

/// The columns that say which point a row is: filled for points without figures too.
std::vector<TableColumn> point_columns(const Record& first) {
  std::vector<TableColumn> columns;
  if (!is_barrier(first)) {
    columns.push_back({"B/rank", 9, false, [](const Record& r) { return short_bytes(r.bytes_per_rank); }});
    if (sends_to_every_peer(first))
      columns.push_back({"B/peer", 9, false, [](const Record& r) { return short_bytes(r.bytes_per_peer); }});
    columns.push_back({"type", 9, true, [](const Record& r) { return r.op.empty() ? r.dtype : r.dtype + " " + r.op; }});
  }
  if (first.pattern != first.operation)
    columns.push_back({"operation", 10, true, [](const Record& r) { return r.operation; }});
  columns.push_back({"algorithm", 18, true, [](const Record& r) { return r.algorithm; }});
  columns.push_back({"transport", 9, true, [](const Record& r) { return r.transport; }});
  return columns;
}

std::vector<TableColumn> figure_columns(const Record& first) {
  std::vector<TableColumn> columns = {
      time_column("median us", &Record::time_us_median), time_column("min", &Record::time_us_min),
      time_column("p95", &Record::time_us_p95), time_column("max", &Record::time_us_max)};
  if (!is_barrier(first) && !has_logical(first) && !has_bubble(first)) {
    columns.push_back(bandwidth_column("alg GB/s", &Record::algbw_gbps));
    columns.push_back(bandwidth_column("bus GB/s", &Record::busbw_gbps));
  }
  if (has_logical(first)) {
    columns.push_back(bandwidth_column("wire GB/s", &Record::wirebw_gbps));
    columns.push_back(bandwidth_column("logical", &Record::logicalbw_gbps));
  }
  if (has_imbalance(first)) columns.push_back(ratio_column("max/mean", &Record::imbalance));
  if (has_bubble(first)) {
    columns.push_back(ratio_column("bubble", &Record::bubble));
    columns.push_back(ratio_column("formula", &Record::bubble_formula));
  }
  columns.push_back({"slowest", 9, false, slowest});
  columns.push_back({"wrong", 6, false, [](const Record& r) { return r.wrong; }});
  return columns;
}

class TableFormatter final : public Formatter {
 public:
  std::string add(const Record& record) override {
    std::string text = header(record);
    for (const TableColumn& column : point_columns_) text += cell(column.text(record), column.width, column.left);
    if (record.measured())
      for (const TableColumn& column : figure_columns_) text += cell(column.text(record), column.width, column.left);
    if (record.status != "ok")
      text += fmt::format("  {}{}{}", record.status, record.reason.empty() ? "" : ": ", record.reason);
    return text + "\n";
  }

  std::string finish() override { return {}; }

 private:
  /// Records belong to one group as long as they show the same columns.
  std::string header(const Record& r) {
    const std::string title = fmt::format("{}, {} ranks{}{}", r.pattern, r.ranks, r.in_place ? ", in place" : "",
                                          r.oversubscribed ? ", more ranks than cores" : "");
    const std::string group = fmt::format("{}|{}|{}|{}|{}|{}", title, is_barrier(r), sends_to_every_peer(r),
                                          has_imbalance(r), has_bubble(r), has_logical(r));
    if (group == group_) return {};
    group_ = group;
    point_columns_ = point_columns(r);
    figure_columns_ = figure_columns(r);
    std::string line;
    for (const auto* part : {&point_columns_, &figure_columns_})
      for (const TableColumn& column : *part) line += cell(column.title, column.width, column.left);
    return "\n" + title + "\n" + line + "\n";
  }

  std::string group_;
  std::vector<TableColumn> point_columns_;
  std::vector<TableColumn> figure_columns_;
};

}  // namespace

std::unique_ptr<Formatter> make_table_formatter() { return std::make_unique<TableFormatter>(); }

}  // namespace weft
