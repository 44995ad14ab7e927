// OSU Micro-Benchmarks: "# OSU MPI Allreduce Latency Test v7.4", "# Datatype: MPI_CHAR.", a header whose titles
// two blanks or more separate, and rows. The average is over iterations and ranks, Min and Max (-f) are the means of
// the fastest and the slowest rank. Percentiles (-z) are of averages over ranks, which no column of weft's holds. The
// log does not say how many ranks there were. osu_bw gives a rate, of windows of messages: the time of a message among
// others under way is size / rate, in 1e6 B/s. osu_mbw_mr gives the rate of all pairs together, "# [ pairs: 4 ]", and
// their messages per second, which have more digits.
#include <algorithm>
#include <map>

#include "imports/point.hpp"
#include <fmt/format.h>

#include "core/text.hpp"

namespace weft::imports::osu {

namespace {

struct Program {
  std::string_view title;
  std::string_view pattern;
  std::string_view operation;
  int ranks;  ///< 0: the log does not say
  std::string_view algorithm = kNative;
};

constexpr Program kPrograms[] = {{"Latency", "send_recv", "pingpong", 2},
                                 {"Multi Latency", "send_recv", "pingpong", 0},
                                 {"Bandwidth", "stream", "stream", 2},
                                 {"Multiple Bandwidth / Message Rate", "stream", "stream", 0},
                                 {"Allreduce Latency", "all_reduce", "all_reduce", 0},
                                 {"Allgather Latency", "all_gather", "all_gather", 0},
                                 {"Allgatherv Latency", "all_gatherv", "all_gatherv", 0},
                                 {"All-to-All Personalized Exchange Latency", "all_to_all", "all_to_all", 0},
                                 {"All-to-Allv Personalized Exchange Latency", "all_to_allv", "all_to_allv", 0},
                                 {"Barrier Latency", "barrier", "barrier", 0},
                                 {"Broadcast Latency", "broadcast", "broadcast", 0},
                                 {"Gather Latency", "gather", "gather", 0},
                                 {"Gatherv Latency", "gatherv", "gatherv", 0},
                                 {"Reduce Latency", "reduce", "reduce", 0},
                                 {"Reduce_scatter Latency", "reduce_scatter", "reduce_scatter", 0},
                                 {"Reduce_scatter_block Latency", "reduce_scatter", "reduce_scatter", 0, "block"},
                                 {"Scatter Latency", "scatter", "scatter", 0},
                                 {"Scatterv Latency", "scatterv", "scatterv", 0}};

constexpr std::string_view kTest = " Test";
constexpr std::string_view kPairs = "# [ pairs: ";
constexpr std::string_view kWeftColumns = ", OSU's columns";

bool is_title(std::string_view line) {
  if (line.starts_with("# weft ")) return line.ends_with(kWeftColumns);
  return line.starts_with("# OSU ") && line.find(kTest) != std::string_view::npos;
}

std::string dtype_of(std::string_view line) {
  static const std::map<std::string_view, std::string> kNames = {
      {"MPI_CHAR.", "u8"}, {"MPI_INT.", "i32"}, {"MPI_FLOAT.", "f32"}, {"MPI_DOUBLE.", "f64"}};
  const std::vector<std::string_view> words = words_of(line);
  const auto known = kNames.find(words.back());
  if (known != kNames.end()) return known->second;
  return std::string(words.back().substr(0, words.back().find('.')));
}

class OsuReader {
 public:
  OsuReader(const Log& log, const ImportOptions& options) : log_(log), options_(options) {
    into_.tool = "OSU Micro-Benchmarks";
  }

  ImportedLog read() {
    for (std::size_t i = 0; i < log_.lines.size(); ++i) {
      const std::string_view line = log_.lines[i];
      if (is_title(line))
        begin(line, i + 1);
      else if (line.starts_with(kPairs))
        begin_pairs(line, i + 1);
      else if (line.starts_with("# Datatype:"))
        series_.dtype = dtype_of(line);
      else if (line.starts_with("# Size") || line.starts_with("# Avg Latency"))
        titles_ = titles_of(line.substr(1));
      else if (!titles_.empty() && begins_with_digit(line))
        row(line, i + 1);
    }
    return std::move(into_);
  }

 private:
  void begin(std::string_view line, std::size_t number) {
    titles_.clear();
    series_ = {};
    pairs_ = 0;
    skipped_ = false;
    if (line.starts_with("# weft ")) {
      line.remove_prefix(7);
      line.remove_suffix(kWeftColumns.size());
      const std::optional<LogSeries> series = series_of_weft(line);
      if (!series) refuse_log(log_, number, "is no headline of weft's --format osu");
      into_.tool = "weft --format osu";
      series_ = *series;
      skip_because(not_importable(series_));
      return;
    }
    const std::size_t end = line.find(kTest);
    std::string_view title = line.substr(6, end - 6);  // "MPI Allreduce Latency", "MPI-CUDA MANAGED Allreduce Latency"
    title.remove_prefix(std::min(title.size(), title.find(' ') + 1));
    if (title.starts_with("MANAGED ")) title.remove_prefix(8);
    const auto* const program = std::find_if(std::begin(kPrograms), std::end(kPrograms),
                                             [&](const Program& known) { return known.title == title; });
    const std::vector<std::string_view> rest = words_of(line.substr(end + kTest.size()));
    if (!rest.empty() && rest.front().starts_with('v')) into_.version = rest.front().substr(1);
    if (program == std::end(kPrograms)) {
      skip_because(fmt::format("line {}: {} measures what weft has no place for", number, title));
      return;
    }
    series_.pattern = program->pattern;
    series_.operation = program->operation;
    series_.algorithm = program->algorithm;
    series_.ranks = program->ranks;
    series_.op = sum_where_reduced(program->operation);
    series_.transport = options_.transport;
    if (series_.transport.empty()) series_.transport = std::string(line.starts_with("# OSU NCCL") ? "nccl" : "mpi");
    series_.sync = of_pairs() ? "none" : "native";
  }

  void skip_because(const std::string& why) {
    skipped_ = !why.empty();
    if (skipped_ && std::find(into_.left_out.begin(), into_.left_out.end(), why) == into_.left_out.end())
      into_.left_out.push_back(why);
  }

  void row(std::string_view line, std::size_t number) {
    expect_whole_line(log_, number);
    if (skipped_) return;
    if (series_.operation.empty())
      refuse_log(log_, number, "a row stands before the line \"# OSU … Test\" that says what it is of");
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() != titles_.size())
      refuse_log(log_, number,
                 fmt::format("has {} fields where the table's header has {}", words.size(), titles_.size()));
    LogSeries series = series_;
    series.ranks = ranks_of_row(number);
    Bytes size = 0;
    LogFigures figures;
    double rate = -1, messages = -1;
    std::string_view validation;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string& title = titles_[i];
      if (title == "Size") size = whole_number_in(log_, number, words[i], "size");
      if (title == "Avg Latency(us)") figures.mean_of_ranks = number_in(log_, number, words[i], "average latency");
      if (title == "Min Latency(us)") figures.rank_min = number_in(log_, number, words[i], "minimum latency");
      if (title == "Max Latency(us)") figures.rank_max = number_in(log_, number, words[i], "maximum latency");
      if (title == "Bandwidth (MB/s)" || title == "MB/s") rate = number_in(log_, number, words[i], "bandwidth");
      if (title == "Messages/s") messages = number_in(log_, number, words[i], "rate of messages");
      if (title == "Iterations") series.iterations = iterations_in(words[i], number);
      if (title == "Validation") validation = words[i];
    }
    // Two digits stand after the point: of a rate below 1 too few of them count.
    if (messages >= 1) {
      figures.mean_of_ranks = 1e6 * std::max(pairs_, 1) / messages;
    } else if (rate >= 1) {
      figures.mean_of_ranks = static_cast<double>(size) * std::max(pairs_, 1) / rate;  // B / (1e6 B/s) = us
    } else if (rate >= 0) {
      skip_row(number, rate);
      return;
    }
    if (!figures.mean_of_ranks) refuse_log(log_, number, "has no latency and no bandwidth");
    ImportedPoint point = make_point(series, size, figures, number);
    note_validation(validation, point.record);
    into_.points.push_back(std::move(point));
  }

  bool of_pairs() const { return series_.pattern == "send_recv" || series_.pattern == "stream"; }

  /// The ranks of pairs are no news where the log says how many pairs there are, so that logs of all programs can be
  /// imported with one --ranks.
  int ranks_of_row(std::size_t number) const {
    if (pairs_ > 0) return 2 * pairs_;
    const bool pair = series_.ranks == 2 && of_pairs() && into_.tool.starts_with("OSU");
    return pair ? 2 : ranks_of(log_, options_, series_.ranks, number);
  }

  void begin_pairs(std::string_view line, std::size_t number) {
    constexpr std::uint64_t kMost = 5'000'000;
    const std::vector<std::string_view> words = words_of(line.substr(kPairs.size()));
    const std::uint64_t pairs =
        whole_number_in(log_, number, words.empty() ? std::string_view() : words.front(), "number of pairs");
    if (pairs == 0 || pairs > kMost) refuse_log(log_, number, "has no sensible number of pairs");
    pairs_ = static_cast<int>(pairs);
    if (line.find("window size: varied") != std::string_view::npos)
      skip_because(fmt::format("line {}: a rate for each size of the window (-V) has no place in weft", number));
  }

  int iterations_in(std::string_view word, std::size_t number) const {
    const std::uint64_t count = whole_number_in(log_, number, word, "number of iterations");
    if (count == 0 || count > 1'000'000'000) refuse_log(log_, number, "has no sensible number of iterations");
    return static_cast<int>(count);
  }

  void skip_row(std::size_t number, double rate) {
    into_.left_out.push_back(fmt::format("line {}: a rate of {:.2f} MB/s has too few digits for a time", number, rate));
  }

  static void note_validation(std::string_view validation, Record& record) {
    if (validation == "Pass") record.wrong = std::to_string(0);  // not "0": GCC bug 105651
    if (validation != "Fail") return;
    record.wrong = std::to_string(1);
    record.status = "wrong";
    record.reason = "OSU's validation failed; it does not count the wrong elements";
  }

  const Log& log_;
  const ImportOptions& options_;
  LogSeries series_;
  int pairs_ = 0;  ///< 0: the log does not say
  bool skipped_ = false;
  std::vector<std::string> titles_;
  ImportedLog into_;
};

}  // namespace

LogFormat entry() {
  return {.name = "osu",
          .summary = "OSU Micro-Benchmarks",
          .recognises = [](const Log& log) { return std::any_of(log.lines.begin(), log.lines.end(), is_title); },
          .read = [](const Log& log, const ImportOptions& options) { return OsuReader(log, options).read(); }};
}

}  // namespace weft::imports::osu
