// Intel MPI Benchmarks: "# Benchmarking Allreduce", "# #processes = 4", a header of words, and rows; many such sections
// in one log. t_min and t_max are the means of the fastest and the slowest rank, t_avg the mean over ranks. PingPong
// and PingPing give one t[usec]. Mbytes/sec is not read: it follows from size and t_max.
#include <algorithm>
#include <cmath>
#include <map>

#include "imports/point.hpp"
#include "imports/possible.hpp"
#include <fmt/format.h>

#include "core/text.hpp"

namespace weft::imports::imb {

namespace {

constexpr std::string_view kBenchmarking = "# Benchmarking ";
constexpr std::string_view kProcesses = "# #processes = ";

std::string type_in(std::string_view line) {
  static const std::map<std::string_view, std::string> kNames = {
      {"MPI_BYTE", "u8"}, {"MPI_CHAR", "u8"}, {"MPI_INT", "i32"}, {"MPI_FLOAT", "f32"}, {"MPI_DOUBLE", "f64"}};
  const std::vector<std::string_view> words = words_of(line);
  const auto known = kNames.find(words.back());
  return known == kNames.end() ? std::string(words.back()) : known->second;
}

/// weft's name; empty where weft has no place for what is measured.
std::string operation_of(std::string_view benchmark, int ranks) {
  static const std::map<std::string_view, std::string> kNames = {{"PingPong", "pingpong"},
                                                                 {"PingPing", "exchange"},
                                                                 {"Allreduce", "all_reduce"},
                                                                 {"Reduce", "reduce"},
                                                                 {"Reduce_scatter", "reduce_scatter"},
                                                                 {"Reduce_scatter_block", "reduce_scatter"},
                                                                 {"Allgather", "all_gather"},
                                                                 {"Allgatherv", "all_gatherv"},
                                                                 {"Gather", "gather"},
                                                                 {"Gatherv", "gatherv"},
                                                                 {"Scatter", "scatter"},
                                                                 {"Scatterv", "scatterv"},
                                                                 {"Alltoall", "all_to_all"},
                                                                 {"Alltoallv", "all_to_allv"},
                                                                 {"Bcast", "broadcast"},
                                                                 {"Barrier", "barrier"},
                                                                 {"Exchange", "neighbour_exchange"}};
  if (benchmark == "Sendrecv") return ranks == 2 ? "exchange" : "ring_shift";
  const auto known = kNames.find(benchmark);
  return known == kNames.end() ? "" : known->second;
}

class ImbReader {
 public:
  ImbReader(const Log& log, const ImportOptions& options) : log_(log), options_(options) {
    into_.tool = "Intel MPI Benchmarks";
  }

  ImportedLog read() {
    for (std::size_t i = 0; i < log_.lines.size(); ++i) {
      const std::string_view line = log_.lines[i];
      if (line.starts_with(kBenchmarking)) {
        benchmark_ = line.substr(kBenchmarking.size());
        while (benchmark_.ends_with(' ')) benchmark_.pop_back();
        titles_.clear();
        processes_ = 0;
      } else if (line.starts_with(kProcesses)) {
        const std::vector<std::string_view> words = words_of(line.substr(kProcesses.size() - 1));
        processes_ = count_in(words.empty() ? "" : words.front(), i + 1, "number of processes");
      } else if (words_of(line).size() > 1 && line.find("#repetitions") != std::string_view::npos) {
        titles_ = words_of(line);
        begin_table(i + 1);
      } else if (!titles_.empty() && begins_with_digit(line)) {
        row(words_of(line), i + 1);
      } else {
        read_preamble(line);
      }
    }
    return std::move(into_);
  }

 private:
  void read_preamble(std::string_view line) {
    constexpr std::string_view kName = "MPI Benchmarks ";
    const std::size_t name = line.find(kName);
    if (line.starts_with("#") && name != std::string_view::npos) {
      into_.version = line.substr(name + kName.size());
      into_.version = into_.version.substr(0, into_.version.find(','));
    }
    if (line.starts_with("# MPI_Datatype for reductions"))
      reduced_type_ = type_in(line);
    else if (line.starts_with("# MPI_Datatype "))
      type_ = type_in(line);
  }

  void begin_table(std::size_t number) {
    if (benchmark_.empty()) refuse_log(log_, number, "a table stands before the line \"# Benchmarking\" that names it");
    series_ = {};
    if (const std::optional<LogSeries> of_weft = series_of_weft(benchmark_)) {
      into_.tool = "weft --format imb";
      series_ = *of_weft;
      if (processes_ > 0) series_.ranks = processes_;
      skip_because(not_importable(series_));
      return;
    }
    const int ranks = ranks_of(log_, options_, processes_, number);
    series_.operation = operation_of(benchmark_, ranks);
    const bool pair = series_.operation == "pingpong" || series_.operation == "exchange";
    // Two ways of one operation, which the default run of IMB measures both.
    if (benchmark_ == "Sendrecv") series_.algorithm = "sendrecv";
    if (benchmark_ == "Reduce_scatter_block") series_.algorithm = "block";
    series_.pattern = pair ? "send_recv" : series_.operation;
    series_.ranks = ranks;
    series_.op = sum_where_reduced(series_.operation);
    series_.dtype = series_.op.empty() ? type_ : reduced_type_;
    series_.transport = options_.transport.empty() ? "mpi" : options_.transport;
    series_.sync = pair ? "none" : "native";
    const bool has_time = has("t[usec]") || has("t_avg[usec]");
    skip_because(series_.operation.empty() || !has_time || has("Group")
                     ? fmt::format("line {}: {} measures what weft has no place for", number, benchmark_)
                     : "");
  }

  bool has(std::string_view title) const { return std::find(titles_.begin(), titles_.end(), title) != titles_.end(); }

  void skip_because(const std::string& why) {
    skipped_ = !why.empty();
    if (skipped_) into_.left_out.push_back(why);
  }

  int count_in(std::string_view word, std::size_t number, std::string_view what) const {
    const std::uint64_t count = whole_number_in(log_, number, word, what);
    if (count == 0 || count > 1'000'000'000) refuse_log(log_, number, fmt::format("has no sensible {}", what));
    return static_cast<int>(count);
  }

  void row(const std::vector<std::string_view>& words, std::size_t number) {
    expect_whole_line(log_, number);
    if (skipped_) return;
    if (words.size() > 1 && (words[1].starts_with("out-of-mem") || words[1].starts_with("time-out"))) {
      into_.left_out.push_back(fmt::format("line {}: {} was not measured ({})", number, words[0], words[1]));
      return;
    }
    if (words.size() != titles_.size())
      refuse_log(log_, number,
                 fmt::format("has {} fields where the table's header has {}", words.size(), titles_.size()));
    LogSeries series = series_;
    Bytes size = 0;
    LogFigures figures;
    std::optional<double> defects;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string_view title = titles_[i];
      if (title == "#bytes") size = whole_number_in(log_, number, words[i], "size");
      if (title == "#repetitions") series.iterations = count_in(words[i], number, "number of repetitions");
      if (title == "t[usec]" || title == "t_avg[usec]")
        figures.mean_of_ranks = number_in(log_, number, words[i], "time");
      if (title == "defects") defects = number_in(log_, number, words[i], "defects");
      if (title == "t_min[usec]") figures.rank_min = number_in(log_, number, words[i], "time");
      if (title == "t_max[usec]") figures.rank_max = number_in(log_, number, words[i], "time");
    }
    // Its size is the count of the call, one rank's block, where Reduce_scatter's is the whole input.
    if (benchmark_ == "Reduce_scatter_block") size = whole_of_blocks(size, series.ranks);
    ImportedPoint point = make_point(series, size, figures, number);
    if (defects) {  // the largest deviation, of which only 0 is a count
      point.record.wrong = *defects > 0 ? fmt::format("{:.0f}", std::ceil(*defects)) : "0";
      if (*defects > 0) point.record.status = "wrong";
    }
    into_.points.push_back(std::move(point));
  }

  const Log& log_;
  const ImportOptions& options_;
  std::string benchmark_;
  std::string type_, reduced_type_;
  int processes_ = 0;
  bool skipped_ = false;
  LogSeries series_;
  std::vector<std::string_view> titles_;
  ImportedLog into_;
};

}  // namespace

LogFormat entry() {
  return {.name = "imb",
          .summary = "Intel MPI Benchmarks",
          .recognises =
              [](const Log& log) {
                return std::any_of(log.lines.begin(), log.lines.end(),
                                   [](std::string_view line) { return line.starts_with(kBenchmarking); });
              },
          .read = [](const Log& log, const ImportOptions& options) { return ImbReader(log, options).read(); }};
}

}  // namespace weft::imports::imb
