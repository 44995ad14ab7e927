#include "cli/reporter.hpp"

#include <cstdio>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/pipeline_timeline.hpp"
#include "results/provenance.hpp"

namespace weft::cli {

namespace {

nlohmann::json traffic_rows(const Call& call, const Record& record) {
  nlohmann::json rows = nlohmann::json::array();
  const auto ranks = static_cast<std::ptrdiff_t>(call.ranks);
  for (auto row = call.matrix->begin(); row != call.matrix->end(); row += ranks)
    rows.push_back(std::vector<Bytes>(row, row + ranks));
  return {{"operation", record.operation}, {"ranks", call.ranks}, {"bytes", std::move(rows)}};
}

RunInfo run_info(const RunOptions& options, const nlohmann::json& topology) {
  ProvenanceInput input{
      .command_line = options.command_line, .libraries = {}, .seed = options.request.seed, .ranks = topology};
  for (const std::string& name : options.transports) {
    const std::string version = transports::registry().find(name).version;
    if (!version.empty()) input.libraries[name] = version;
  }
  return {.provenance = collect_provenance(input), .configuration = options.configuration(), .topology = topology};
}

std::string default_folder() { return fmt::format("runs/{:%Y-%m-%dT%H-%M-%S}", fmt::gmtime(std::time(nullptr))); }

}  // namespace

std::string open_run_folder(const RunOptions& options) {
  const RunInfo info = run_info(options, nullptr);
  if (!options.resume.empty()) return RunWriter::resume(options.resume, info).folder().string();
  return RunWriter::create(options.out.empty() ? default_folder() : options.out, info).folder().string();
}

Reporter::Reporter(const Job& job, const Topology& topology)
    : job_(job),
      writer_(RunWriter::resume(job.folder, run_info(job.options, nlohmann::json(topology.places)))),
      formatter_(find_format(job.options.format).make()),
      progress_(job.plan.size() * job.transports.size()) {
  if (!job.first) return;
  for (const Record& record : writer_.kept()) print(formatter_->add(record));
}

void Reporter::start(const Record& record) {
  progress_.start_point(fmt::format("{} {} {} {} over {}", record.pattern, record.operation,
                                    format_bytes(record.bytes_per_rank), record.algorithm, record.transport));
}

void Reporter::add(const Point& point, Record& record, const Samples& samples) {
  writer_.append(record, samples);
  progress_.end_point();
  print(formatter_->add(record));
  add_details(point, record);
}

// What the plots need beyond the table: who sends to whom, and the pipeline's schedule.
void Reporter::add_details(const Point& point, const Record& record) {
  if (!record.measured()) return;
  if (point.call.matrix != nullptr) writer_.add_detail("traffic", record, traffic_rows(point.call, record));
  if (point.bubble_formula >= 0)
    writer_.add_detail("pipeline", record, pipeline_timeline(job_.options.request, record));
}

void Reporter::finish(int exit_code) {
  print(formatter_->finish());
  writer_.finish(exit_code);
  fmt::print(stderr, "weft: results in {}\n", writer_.folder().string());
}

void Reporter::print(const std::string& text) {
  fmt::print("{}", text);
  std::fflush(stdout);
}

}  // namespace weft::cli
