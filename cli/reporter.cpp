#include "cli/reporter.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/congest_report.hpp"
#include "cli/pair_report.hpp"
#include "cli/pipeline_timeline.hpp"
#include "cli/plugin_flag.hpp"
#include "cli/routing_json.hpp"
#include "cli/show_run.hpp"
#include "cli/standard_streams.hpp"
#include "cli/step_summary.hpp"
#include "results/provenance.hpp"

namespace weft::cli {

namespace {

nlohmann::json traffic_rows(const Point& point, const Record& record) {
  const Call& call = point.call;
  nlohmann::json rows = nlohmann::json::array();
  const auto ranks = static_cast<std::ptrdiff_t>(call.ranks);
  for (auto row = call.matrix->begin(); row != call.matrix->end(); row += ranks)
    rows.push_back(std::vector<Bytes>(row, row + ranks));
  return {{"operation", record.operation},
          {"ranks", call.ranks},
          {"bytes", std::move(rows)},
          {"routing", to_json(point.routing)}};
}

std::map<std::string, std::string> library_versions(const RunOptions& options) {
  std::map<std::string, std::string> versions = {
      {"Boost", BOOST_LIB_VERSION},
      {"CLI11", CLI11_VERSION},
      {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"hwloc", hwloc_version()},
      {"nlohmann_json",
       fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)}};
  for (const std::string& name : options.transports) {
    const Transport& transport = transports::registry().find(name);
    if (transport.version) versions[name] = transport.version();
  }
  return versions;
}

RunInfo run_info(const RunOptions& options) {
  ProvenanceInput input{.command_line = options.command_line,
                        .libraries = library_versions(options),
                        .plugins = to_json(options.plugins),
                        .seed = options.request.seed};
  return {.provenance = collect_provenance(input),
          .configuration = options.configuration(),
          .topology = nullptr,
          .launch = options.launch_number};
}

std::filesystem::path make_default_folder() {
  return make_new_folder(fmt::format("runs/{:%Y-%m-%dT%H-%M-%S}", fmt::gmtime(std::time(nullptr))));
}

}  // namespace

std::string open_run_folder(const RunOptions& options) {
  const RunInfo info = run_info(options);
  if (!options.resume.empty()) return RunWriter::resume(options.resume, info).folder().string();
  const std::filesystem::path folder = options.out.empty() ? make_default_folder() : std::filesystem::path(options.out);
  return RunWriter::create(folder, info).folder().string();
}

int close_run_folder(const RunOptions& options, const std::string& folder, int exit_code) {
  const Run run = read_run(folder);
  const bool begun = !run.info.at("topology").is_null();  // the ranks have met
  if (run.records.empty() && exit_code != 0 && (!begun || exit_code == static_cast<int>(ExitCode::usage))) {
    if (options.resume.empty()) RunWriter::discard(folder);
    return exit_code;
  }
  if (exit_code == 0 && std::none_of(run.records.begin(), run.records.end(), std::mem_fn(&Record::measured))) {
    exit_code = static_cast<int>(ExitCode::usage);
    fmt::print(stderr, "weft: nothing was measured: {}\n",
               run.records.empty() ? "there is no such algorithm for these patterns" : run.records.front().reason);
  }
  RunWriter writer = RunWriter::attach(folder, nullptr);
  if (const nlohmann::json points = with_impacts(run); !points.is_null()) writer.replace_details("congest", points);
  writer.finish(exit_code);
  fmt::print("{}", show_run(run, options.format));  // as a whole: points end in a random order
  flush_standard_output();
  fmt::print(stderr, "weft: results in {}\n", folder);
  return exit_code;
}

Reporter::Reporter(const Job& job, const Topology& topology)
    : job_(job),
      writer_(RunWriter::attach(job.folder, job.first ? nlohmann::json(topology.places) : nlohmann::json())),
      progress_(job.plan.size() * job.transports.size()) {
  for (const Record& record : writer_.kept()) next_point_ = std::max(next_point_, record.point + 1);
}

void Reporter::start(const Record& record) {
  progress_.start_point(fmt::format("{} {} {} {} over {}", record.pattern, record.operation,
                                    format_bytes(record.bytes_per_rank), record.algorithm, record.transport));
}

void Reporter::add(const Point& point, Record& record, const Samples& samples) {
  if (record.point < 0) record.point = next_point_++;
  writer_.append(record, samples);
  progress_.end_point();
  add_details(point, record);
}

void Reporter::add_report(const Record& record, const StepReport& report, const std::string& nodes) {
  nlohmann::json detail = json_of(report);
  detail["title"] = fmt::format("{} ranks over {}, {}", record.ranks, record.transport, record.algorithm);
  if (!nodes.empty()) detail["nodes"] = nodes;
  writer_.add_detail("training_step", record, std::move(detail));
}

void Reporter::add_pairs(const Point& point, const Record& record, const Samples& samples,
                         const std::vector<std::string>& hosts) {
  if (record.measured()) writer_.add_detail("pairs", record, pairs_json(point, record, samples, hosts));
}

void Reporter::add_congest(const Point& point, const Record& record, const Load& load,
                           const std::vector<std::string>& hosts) {
  if (record.measured()) writer_.add_detail("congest", record, congest_json(point, record, load, hosts));
}

std::string Reporter::add_facts(const std::vector<OpenTransport>& transports) {
  for (const OpenTransport& transport : transports) {
    if (transport.communicator == nullptr) continue;
    const std::map<std::string, std::string> facts = transport.communicator->facts();
    if (facts.empty()) continue;
    if (std::string refused = writer_.add_transport(transport.name, facts); !refused.empty()) return refused;
  }
  return {};
}

void Reporter::add_instruments(nlohmann::json clocks, nlohmann::json noise) {
  writer_.note("clocks", std::move(clocks));
  writer_.note("noise", std::move(noise));
}

// What the plots need beyond the table: who sends to whom, and the pipeline's schedule.
void Reporter::add_details(const Point& point, const Record& record) {
  if (!record.measured()) return;
  if (point.call.matrix != nullptr) writer_.add_detail("traffic", record, traffic_rows(point, record));
  if (point.pattern == "pipeline")
    writer_.add_detail("pipeline", record, pipeline_timeline(job_.options.request, record));
}

}  // namespace weft::cli
