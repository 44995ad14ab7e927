// What the programs of NVIDIA/nccl-tests write with -J FILE: an object with "args", "nccl_version", "config" (with
// "iterations", "warmup_iters", and "devices", one a rank) and "results", a list of objects with "size", "type",
// "redop", and "out_of_place" and "in_place": null or {"time" or "cpu_time", "alg_bw", "bus_bw", "nwrong"}. With -M
// there are also "out_of_place_per_iter" and "in_place_per_iter", whose "times_us" are samples. The environment that
// the file quotes is not kept: it may hold secrets.
#include "imports/nccl_names.hpp"
#include <fmt/format.h>

namespace weft::imports::nccl_json {

namespace {

using Json = nlohmann::json;

/// Everything in such a file stands in one line.
[[noreturn]] void refuse_member(const Log& log, const std::string& member, const std::string& what) {
  refuse_log(log, 1, fmt::format("{} {}", member, what));
}

const Json& member_of(const Log& log, const Json& object, const std::string& name, const std::string& where) {
  if (!object.is_object() || !object.contains(name)) refuse_member(log, where, fmt::format("lacks \"{}\"", name));
  return object[name];
}

double positive_in(const Log& log, const Json& value, const std::string& where) {
  if (!value.is_number() || value.get<double>() < 0) refuse_member(log, where, "is no number, or negative");
  return value.get<double>();
}

/// `least` where the file does not say, or says less.
int count_in(const Log& log, const Json& config, const std::string& name, int least) {
  constexpr int kMost = 1'000'000'000;
  if (!config.is_object() || !config.contains(name) || config[name].is_null()) return least;
  const Json& value = config[name];
  if (!value.is_number_integer() || value < 0 || value > kMost)
    refuse_member(log, fmt::format("\"{}\"", name), fmt::format("is no whole number from 0 to {}", kMost));
  return std::max(least, value.get<int>());
}

class NcclJsonReader {
 public:
  NcclJsonReader(const Log& log, const ImportOptions& options) : log_(log), options_(options) {}

  ImportedLog read() {
    file_ = Json::parse(log_.text, nullptr, false);
    if (file_.is_discarded()) refuse_log(log_, 1, "is no JSON, or cut in the middle");
    const Json& results = member_of(log_, file_, "results", "the object");
    if (!results.is_array()) refuse_member(log_, "\"results\"", "is no list");
    config_ = file_.value("config", Json::object());
    into_.tool = "nccl-tests";
    into_.version = file_.contains("nccl_version") ? "NCCL " + file_["nccl_version"].dump() : "";
    into_.parameters = {{"iterations", count_in(log_, config_, "iterations", 1)},
                        {"warmup", count_in(log_, config_, "warmup_iters", 0)}};
    for (std::size_t i = 0; i < results.size(); ++i) add(results[i], fmt::format("result {}", i));
    if (!file_.contains("end_time")) into_.left_out.push_back("there is no \"end_time\": the run was cut short");
    return std::move(into_);
  }

 private:
  std::string operation() const {
    if (!options_.operation.empty()) return options_.operation;
    if (file_.contains("args") && file_["args"].is_array())
      for (const Json& word : file_["args"])
        if (word.is_string())
          if (std::string found = operation_of_nccl_program(word.get<std::string>()); !found.empty()) return found;
    refuse_log(log_, 1, no_nccl_operation());
  }

  int ranks() const {
    int found = 0;
    if (config_.is_object() && config_.contains("devices") && config_["devices"].is_array())
      found = static_cast<int>(config_["devices"].size());
    return ranks_of(log_, options_, found, 1);
  }

  void add(const Json& result, const std::string& where) {
    const Json& size_field = member_of(log_, result, "size", where);
    if (!size_field.is_number_unsigned()) refuse_member(log_, where, "has no whole number as its \"size\"");
    const Json& type = member_of(log_, result, "type", where);
    if (!type.is_string()) refuse_member(log_, where, "has no text as its \"type\"");
    const auto size = size_field.get<Bytes>();
    if (size == 0) return;  // fewer elements than ranks: nothing was sent
    const Json redop = result.value("redop", Json());
    LogSeries series = nccl_series(operation(), type.get<std::string>(),
                                   redop.is_string() ? redop.get<std::string>() : "none", ranks(), options_);
    series.iterations = count_in(log_, config_, "iterations", 1);
    series.warmup = count_in(log_, config_, "warmup_iters", 0);
    for (const char* half : {"out_of_place", "in_place"}) {
      if (!result.contains(half) || !result[half].is_object()) continue;
      series.in_place = std::string_view(half) == "in_place";
      ImportedPoint point = point_of(series, size, result, half, where);
      note_wrong(result[half], where, point.record);
      into_.points.push_back(std::move(point));
    }
  }

  ImportedPoint point_of(const LogSeries& series, Bytes size, const Json& result, const std::string& half,
                         const std::string& where) const {
    const Json& body = result[half];
    const Json& time = member_of(log_, body, body.contains("cpu_time") ? "cpu_time" : "time", where + ", " + half);
    const double mean = positive_in(log_, time, where + ", time");
    const std::string per_iteration = half + "_per_iter";
    if (!result.contains(per_iteration) || !result[per_iteration].is_object() ||
        !result[per_iteration].contains("times_us"))
      return make_point(series, size, {.median = {}, .mean_of_ranks = mean, .rank_min = {}, .rank_max = {}}, 1);
    const Json& times = result[per_iteration]["times_us"];
    if (!times.is_array() || times.empty()) refuse_member(log_, where + ", times_us", "is no list of times");
    Samples samples;
    for (const Json& sample : times)
      samples.completion.push_back(1000 * positive_in(log_, sample, where + ", times_us"));
    return make_point(series, size, std::move(samples), 1);
  }

  void note_wrong(const Json& body, const std::string& where, Record& record) const {
    const Json wrong = body.value("nwrong", Json());
    if (wrong.is_null()) return;
    record.wrong = fmt::format("{:.0f}", positive_in(log_, wrong, where + ", nwrong"));
    if (record.wrong != "0") record.status = "wrong";
  }

  const Log& log_;
  const ImportOptions& options_;
  Json file_;
  Json config_;
  ImportedLog into_;
};

}  // namespace

LogFormat entry() {
  return {.name = "nccl-json",
          .summary = "what nccl-tests write with -J",
          .recognises =
              [](const Log& log) {
                return log.text.find_first_not_of(" \t\r\n") != std::string::npos &&
                       log.text[log.text.find_first_not_of(" \t\r\n")] == '{';
              },
          .read = [](const Log& log, const ImportOptions& options) { return NcclJsonReader(log, options).read(); }};
}

}  // namespace weft::imports::nccl_json
