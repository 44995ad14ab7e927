// The text that the programs of NVIDIA/nccl-tests print: "# " lines that tell of the run, then rows of
//   size count type [redop [root]] | time algbw busbw #wrong [more] | the same, in place
// Programs of some age leave out redop and root, call #wrong "error", and give blanks where nothing is reduced, so a
// row is read from both of its ends. The time is the mean over the iterations, back to back, and over the ranks
// (option -a, 1 by default). Bandwidths are not read: they follow from size and time, and their averages say nothing.
#include <algorithm>

#include "imports/nccl_names.hpp"
#include <fmt/format.h>

namespace weft::imports::nccl {

namespace {

/// What the lines before the rows tell.
struct Preamble {
  std::string version;
  std::string operation;
  int ranks = 0;
  std::size_t ranks_line = 0;
  int iterations = 1;
  int warmup = 0;
  std::optional<LogSeries> of_weft;
  bool medians = false;  ///< of weft's own table, unless that was of an imported run
};

/// Where a row has its figures, from the header.
struct Columns {
  std::size_t before = 0;  ///< titles before the first time
  std::size_t half = 0;    ///< fields of one half
  std::size_t after = 0;   ///< fields of a time stamp
};

bool is_header(const std::vector<std::string_view>& words) {
  const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  return has("size") && has("count") && has("type") && has("algbw") && has("busbw");
}

Columns columns_of(const std::vector<std::string_view>& words) {
  Columns columns;
  const auto is_time = [](std::string_view word) { return word == "time" || word == "cputime"; };
  const auto first = std::find_if(words.begin(), words.end(), is_time);
  const bool stamped = words.back() == "timestamp";
  columns.before = static_cast<std::size_t>(first - words.begin());
  columns.half = static_cast<std::size_t>(words.end() - first - (stamped ? 1 : 0)) / 2;
  columns.after = stamped ? 2 : 0;  // a date and a time of day
  return columns;
}

/// The number after a name that stands as "name: 20" or "name 20".
void read_after(const std::vector<std::string_view>& words, std::string_view name, std::string_view before, int& into) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] != name || (before.empty() ? i > 0 && words[i - 1] == "warmup" : i == 0 || words[i - 1] != before))
      continue;
    const std::optional<std::uint64_t> value = whole_number_of(words[i + 1]);
    if (value && *value < 1'000'000'000) into = static_cast<int>(*value);
    return;
  }
}

void read_preamble(const std::vector<std::string_view>& words, std::string_view line, std::size_t number,
                   Preamble& to) {
  constexpr std::string_view kWeft = "# weft ";
  constexpr std::string_view kColumns = ": the columns of nccl-tests";
  if (line.starts_with(kWeft) && line.find(kColumns) != std::string_view::npos) {
    to.of_weft = series_of_weft(line.substr(kWeft.size(), line.find(kColumns) - kWeft.size()));
    to.medians = !line.ends_with("means");
  }
  if (words.size() > 3 && words[0] == "#" && words[1] == "nccl-tests" && words[2] == "version") to.version = words[3];
  if (words.size() > 3 && words[0] == "#" && words[1] == "Rank") {
    const std::optional<std::uint64_t> rank = whole_number_of(words[2]);
    if (rank == 0U) to.ranks = 0;  // of the next run in one log
    if (rank && *rank < 10'000'000) to.ranks = std::max(to.ranks, static_cast<int>(*rank) + 1);
    to.ranks_line = number;
  }
  if (line.find("minBytes") != std::string_view::npos) {
    read_after(words, "iters:", "", to.iterations);
    read_after(words, "iters:", "warmup", to.warmup);
  }
  for (const std::string_view word : words) {
    const std::string operation = operation_of_nccl_program(word);
    if (!operation.empty()) to.operation = operation;
  }
}

class NcclReader {
 public:
  NcclReader(const Log& log, const ImportOptions& options) : log_(log), options_(options) {}

  ImportedLog read() {
    for (std::size_t i = 0; i < log_.lines.size(); ++i) {
      const std::vector<std::string_view> words = words_of(log_.lines[i]);
      if (is_header(words)) {
        columns_ = columns_of(words.front() == "#" ? std::vector(words.begin() + 1, words.end()) : words);
        continue;
      }
      if (columns_ && begins_with_digit(log_.lines[i]))
        row(words, i + 1);
      else
        read_preamble(words, log_.lines[i], i + 1, preamble_);
      closed_ = closed_ || log_.lines[i].find("Avg bus bandwidth") != std::string_view::npos;
    }
    if (!closed_) into_.left_out.push_back("the closing lines are missing: the log may be cut");
    into_.tool = preamble_.of_weft ? "weft --format nccl" : "nccl-tests";
    into_.version = preamble_.version;
    into_.parameters = {{"iterations", preamble_.iterations}, {"warmup", preamble_.warmup}};
    return std::move(into_);
  }

 private:
  LogSeries series_of(const std::vector<std::string_view>& words, std::size_t tail, std::size_t number) const {
    std::string_view redop = "none";
    for (std::size_t i = 3; i < words.size() - tail; ++i)
      if (!number_of(words[i]) && words[i] != "-1") redop = words[i];
    const int ranks =
        ranks_of(log_, options_, preamble_.of_weft ? preamble_.of_weft->ranks : preamble_.ranks, preamble_.ranks_line);
    std::string operation = options_.operation.empty() ? preamble_.operation : options_.operation;
    if (preamble_.of_weft) operation = preamble_.of_weft->operation;
    if (operation.empty()) refuse_log(log_, number, no_nccl_operation());
    LogSeries series = nccl_series(operation, words[2], redop, ranks, options_);
    series.iterations = preamble_.iterations;
    series.warmup = preamble_.warmup;
    if (preamble_.of_weft) {
      series.pattern = preamble_.of_weft->pattern;
      series.algorithm = preamble_.of_weft->algorithm;
      series.transport = preamble_.of_weft->transport;
      series.sync.clear();
    }
    return series;
  }

  void row(const std::vector<std::string_view>& words, std::size_t number) {
    expect_whole_line(log_, number);
    if (words.size() < 2 || !whole_number_of(words[0]) || !whole_number_of(words[1])) return;  // another's line
    const std::size_t tail = 2 * columns_->half + columns_->after;
    if (words.size() < 3 + tail || words.size() > columns_->before + tail)
      refuse_log(
          log_, number,
          fmt::format("has {} fields where the table's header asks for {}", words.size(), columns_->before + tail));
    const Bytes size = whole_number_in(log_, number, words[0], "size");
    LogSeries series = series_of(words, tail, number);
    if (size == 0 && series.operation != "barrier") return;  // fewer elements than ranks: nothing was sent
    if (const std::string why = not_importable(series); !why.empty()) {
      if (std::find(into_.left_out.begin(), into_.left_out.end(), why) == into_.left_out.end())
        into_.left_out.push_back(why);
      return;
    }
    for (const bool in_place : {false, true}) {
      const std::size_t at = words.size() - tail + (in_place ? columns_->half : 0);
      if (words[at] == "N/A") continue;
      LogFigures figures;
      const double time = number_in(log_, number, words[at], "time");
      (preamble_.of_weft && preamble_.medians ? figures.median : figures.mean_of_ranks) = time;
      series.in_place = in_place;
      ImportedPoint point = make_point(series, size, figures, number);
      note_wrong(words[at + 3], number, point.record);
      into_.points.push_back(std::move(point));
    }
  }

  void note_wrong(std::string_view text, std::size_t number, Record& record) const {
    if (text == "N/A") return;
    // Programs of some age print the largest error instead: a float, of which only 0 is a count.
    const double wrong = number_in(log_, number, text, "number of wrong elements");
    record.wrong = fmt::format("{:.0f}", wrong < 1 ? 0.0 : wrong);
    if (wrong >= 1) record.status = "wrong";
  }

  const Log& log_;
  const ImportOptions& options_;
  Preamble preamble_;
  std::optional<Columns> columns_;
  bool closed_ = false;
  ImportedLog into_;
};

}  // namespace

LogFormat entry() {
  return {.name = "nccl",
          .summary = "the text of nccl-tests",
          .recognises =
              [](const Log& log) {
                return std::any_of(log.lines.begin(), log.lines.end(),
                                   [](std::string_view line) { return is_header(words_of(line)); });
              },
          .read = [](const Log& log, const ImportOptions& options) { return NcclReader(log, options).read(); }};
}

}  // namespace weft::imports::nccl
