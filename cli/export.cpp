#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/flags.hpp"
#include "cli/models.hpp"
#include "cli/options.hpp"
#include "cli/pattern_flags.hpp"
#include "cli/plugin_flag.hpp"
#include "cli/report_file.hpp"
#include "collectives/two_level.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/algorithms.hpp"
#include "patterns/goal/writer.hpp"
#include "patterns/registry.hpp"

namespace weft::cli {

namespace {

constexpr const char* kGroup = "Export";
constexpr std::size_t kNamedPoints = 12;

struct Export {
  std::vector<LoadedPlugin> plugins;
  std::string format;
  std::string pattern;
  Request request;
  std::size_t point = 0;  ///< from 1; 0: the only one
  int ranks = 0;
  std::uint64_t iteration = 0;
  bool one_cpu = false;
  std::string out;
};

std::string described(const Point& point) {
  return fmt::format("{} by {}, {} {}", point.operation, point.algorithm, format_bytes(point.bytes_per_rank),
                     name_of(point.dtype));
}

/// The points as the user may number them.
std::string numbered(const std::vector<Point>& points) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < points.size() && i < kNamedPoints; ++i)
    names.push_back(fmt::format("{}: {}", i + 1, described(points[i])));
  return join(names, "; ") + (points.size() > kNamedPoints ? "; ..." : "");
}

Point choose(const Export& wanted, const std::vector<Point>& points) {
  if (wanted.point > points.size())
    throw UsageError(fmt::format("--point {}: there are {} ({})", wanted.point, points.size(), numbered(points)));
  if (wanted.point == 0 && points.size() != 1)
    throw UsageError(fmt::format("{} points are asked for, and a schedule is of one: choose it with --point ({})",
                                 points.size(), numbered(points)));
  const Point& planned = points[wanted.point == 0 ? 0 : wanted.point - 1];
  Point point = planned.on_nodes
                    ? planned.on_nodes(collectives::nodes_in_order(wanted.ranks, wanted.request.ranks_per_node))
                    : planned;
  if (!point.refused.empty()) throw UsageError(point.refused);
  if (point.algorithm == kNative)
    throw UsageError(
        fmt::format("{} by the transport's own collective is no program that could be exported: name one of "
                    "weft's algorithms with --algorithm",
                    point.operation));
  return point;
}

void write(const Export& wanted, const Point& point, std::ostream& out) {
  GoalWriter writer(out, wanted.ranks, wanted.one_cpu ? GoalCpus::one : GoalCpus::per_lane);
  for (int rank = 0; rank < wanted.ranks; ++rank) {
    const std::unique_ptr<Workload> work = point.build(rank);
    writer.write(inlined(work->programs()[wanted.iteration % work->programs().size()]));
  }
}

int export_goal(Export& wanted) {
  wanted.request.models_directory = models_directory();
  const Pattern& pattern = patterns::registry().find(wanted.pattern);
  const Pattern* const chosen[] = {&pattern};
  validate_algorithms(wanted.request, chosen);
  if (wanted.request.min_bytes > wanted.request.max_bytes)
    throw UsageError(fmt::format("--min-bytes {} is larger than --max-bytes {}", format_bytes(wanted.request.min_bytes),
                                 format_bytes(wanted.request.max_bytes)));
  const std::vector<Point> points = pattern.plan(wanted.request, wanted.ranks);
  const Point point = choose(wanted, points);
  if (is_standard_output(wanted.out)) {
    write(wanted, point, std::cout);
    std::cout.flush();
    return static_cast<int>(ExitCode::ok);
  }
  std::ofstream file(wanted.out, std::ios::binary);
  if (file) write(wanted, point, file);
  file.close();
  if (!file) throw UsageError(fmt::format("--out {}: cannot be written: name a file that can", wanted.out));
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_export(CLI::App& app, Chosen& chosen) {
  CLI::App* const command = app.add_subcommand(
      "export", "Write what all ranks do at one point for other tools: a GOAL schedule, for LogGOPSim and ATLAHS");
  auto wanted = std::make_shared<Export>();
  add_plugin_flag(*command, wanted->plugins);
  command->add_option("format", wanted->format, "goal")
      ->required()
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"goal"}));
  command->add_option("pattern", wanted->pattern, "A traffic pattern (see `weft list`)")
      ->required()
      ->type_name("PATTERN");
  add_integer(*command, "--ranks", "Ranks of the schedule", kGroup, wanted->ranks, 1, 1 << 16)->required();
  add_integer<std::size_t>(*command, "--point", "Which of the points that the flags ask for, from 1; 0: the only one",
                           kGroup, wanted->point, 0, 1 << 20);
  add_integer<std::uint64_t>(*command, "--iteration", "Which iteration, where they differ: the first is 0", kGroup,
                             wanted->iteration, 0, UINT32_MAX);
  command->add_flag("--one-cpu", wanted->one_cpu, "All of a rank on cpu 0, as LogGOPSim itself needs it (docs/goal.md)")
      ->group(kGroup);
  add_text(*command, "--out", std::string("File to be written") + kDashIsStandardOutput, kGroup, wanted->out,
           "the name of a file")
      ->required();
  add_traffic_flags(*command, wanted->request);
  command->callback([command, wanted, &chosen] {
    refuse_flags_without_meaning(*command, {wanted->pattern});
    chosen = [wanted] { return export_goal(*wanted); };
  });
}

}  // namespace weft::cli
