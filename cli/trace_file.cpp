#include "cli/trace_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <system_error>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace weft::cli {

namespace {

constexpr std::string_view kEnd = "\n]\n";
constexpr std::array<std::string_view, 11> kNames = {"send", "recv",   "recv_reduce", "copy",   "reduce", "compute",
                                                     "wait", "signal", "await",       "native", "call"};

bool arrives(Action action) { return action == Action::recv || action == Action::recv_reduce; }
bool has_peer(Action action) { return action == Action::send || arrives(action); }

/// The events of one point. Times are us from the first step of the point.
class Events {
 public:
  Events(const Record& record, const Trace& trace) : record_(record) {
    for (const Trace::Rank& rank : trace.ranks)
      for (const TracedStep& step : rank.steps) first_ = std::min(first_, step.start);
    for (std::size_t rank = 0; rank < trace.ranks.size(); ++rank) add_rank(static_cast<int>(rank), trace.ranks[rank]);
  }

  /// One a line, a comma before each.
  const std::string& text() const { return text_; }

 private:
  using Channel = std::tuple<int, int, int>;  // from, to, lane

  double us(Nanoseconds time) const { return static_cast<double>(time - first_) / 1e3; }

  void add(const nlohmann::ordered_json& event) { text_ += ",\n" + event.dump(); }

  nlohmann::ordered_json event(const char* phase, std::string name, int rank, int lane) const {
    return {{"ph", phase}, {"name", std::move(name)}, {"pid", process(rank)}, {"tid", lane}};
  }

  // Points follow one another in the order of their numbers.
  std::int64_t process(int rank) const { return static_cast<std::int64_t>(record_.point) * kMostRanks + rank; }

  void add_rank(int rank, const Trace::Rank& traced) {
    nlohmann::ordered_json name = event("M", "process_name", rank, 0);
    name["args"] = {
        {"name", fmt::format("{} {} {} over {}, {}: rank {}", record_.operation, format_bytes(record_.bytes_per_rank),
                             record_.algorithm, record_.transport, record_.point, rank)}};
    add(name);
    for (std::size_t lane = 0; lane < traced.lanes.size(); ++lane) {
      nlohmann::ordered_json thread = event("M", "thread_name", rank, static_cast<int>(lane));
      thread["args"] = {{"name", traced.lanes[lane]}};
      add(thread);
    }
    std::map<int, std::vector<std::string>> arriving;  // by lane, until its next wait
    for (const TracedStep& step : traced.steps) {
      add_step(rank, step, traced.routines);
      if (step.action == Action::send)
        add_flow("s", flow({rank, step.peer, step.channel}, sent_), rank, step, step.start);
      if (arrives(step.action)) arriving[step.lane].push_back(flow({step.peer, rank, step.channel}, received_));
      if (step.action != Action::wait) continue;
      for (const std::string& id : arriving[step.lane]) add_flow("f", id, rank, step, step.end);
      arriving[step.lane].clear();
    }
  }

  void add_step(int rank, const TracedStep& step, const std::vector<std::string>& routines) {
    const std::string_view action = kNames.at(static_cast<std::size_t>(step.action));
    const bool call = step.action == Action::call;
    nlohmann::ordered_json slice =
        event("X", call ? routines.at(static_cast<std::size_t>(step.peer)) : std::string(action), rank, step.lane);
    slice["cat"] = action;
    slice["ts"] = us(step.start);
    slice["dur"] = static_cast<double>(step.end - step.start) / 1e3;
    if (has_peer(step.action)) slice["args"] = {{"peer", step.peer}, {"bytes", step.bytes}};
    if (step.action == Action::copy || step.action == Action::reduce) slice["args"] = {{"bytes", step.bytes}};
    if (step.action == Action::signal || step.action == Action::await) slice["args"] = {{"event", step.peer}};
    add(slice);
  }

  void add_flow(const char* phase, const std::string& id, int rank, const TracedStep& step, Nanoseconds at) {
    nlohmann::ordered_json arrow = event(phase, "message", rank, step.lane);
    arrow["cat"] = "message";
    arrow["id"] = id;
    arrow["ts"] = us(at);
    if (*phase == 'f') arrow["bp"] = "e";  // ends at the slice that encloses it
    add(arrow);
  }

  /// The next message of a channel: both sides count alike.
  std::string flow(const Channel& channel, std::map<Channel, int>& counts) const {
    const auto& [from, to, number] = channel;
    return fmt::format("{}:{}>{}:{}:{}", record_.point, from, to, number, counts[channel]++);
  }

  static constexpr std::int64_t kMostRanks = 1 << 20;

  const Record& record_;
  Nanoseconds first_ = std::numeric_limits<Nanoseconds>::max();
  std::map<Channel, int> sent_, received_;
  std::string text_;
};

void refuse_no_file(const std::string& path) {
  std::error_code ignored;
  const bool there = std::filesystem::exists(path, ignored);
  if (!there && std::filesystem::is_symlink(path, ignored))
    throw UsageError(fmt::format("--trace {}: is a symbolic link to nothing: give the name of a file", path));
  if (there && !std::filesystem::is_regular_file(path, ignored))
    throw UsageError(fmt::format("--trace {}: is no file: give the name of a new one", path));
}

/// Without links, dots and a slash at its end, be it there or not.
std::filesystem::path place_of(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  if (error) throw UsageError(fmt::format("{}: cannot be looked up: {}", path.string(), error.message()));
  return place.has_filename() ? place : place.parent_path();
}

/// Whether the path is the folder, or one above it, be they there or not.
bool leads_to(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const std::filesystem::path above = place_of(path);
  const std::filesystem::path below = place_of(folder);
  return std::mismatch(above.begin(), above.end(), below.begin(), below.end()).first == above.end();
}

void refuse_within(const std::string& path, const char* flag, const std::string& folder) {
  if (!folder.empty() && leads_to(folder, path))
    throw UsageError(fmt::format(
        "--trace {}: is in the folder of {} {}, where it might replace a file of the run: give another folder", path,
        flag, folder));
}

[[noreturn]] void fail(const std::string& path) { throw std::system_error(errno, std::generic_category(), path); }

}  // namespace

void check_trace_file(const std::string& path, const std::string& out, const std::string& resumed) {
  refuse_no_file(path);
  if (!out.empty() && leads_to(path, out))
    throw UsageError(fmt::format("--trace {}: is to be a folder, of --out {}: give the trace another name", path, out));
  refuse_within(path, "--out", out);
  refuse_within(path, "--resume", resumed);
  std::error_code ignored;
  if (!std::filesystem::is_directory(std::filesystem::absolute(path, ignored).parent_path(), ignored))
    throw UsageError(fmt::format("--trace {}: cannot be written: its folder is not there", path));
}

void create_trace_file(const std::string& path) {
  refuse_no_file(path);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const nlohmann::ordered_json first = {
      {"ph", "M"}, {"name", "weft"}, {"pid", 0}, {"args", {{"name", "weft run --trace"}}}};
  file << "[\n" << first.dump() << kEnd;
  file.close();
  if (!file) throw UsageError(fmt::format("--trace {}: cannot be written", path));
}

void add_to_trace_file(const std::string& path, const Record& record, const Trace& trace) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out | std::ios::ate);
  if (!file) fail(path);
  file.seekp(-static_cast<std::streamoff>(kEnd.size()), std::ios::end);
  file << Events(record, trace).text() << kEnd;
  file.close();
  if (!file) fail(path);
}

}  // namespace weft::cli
