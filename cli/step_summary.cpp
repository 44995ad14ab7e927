#include "cli/step_summary.hpp"

#include <fmt/format.h>

#include "core/units.hpp"
#include "results/details.hpp"

namespace weft::cli {

namespace {

nlohmann::json json_of_dimension(const DimensionReport& one) {
  return {{"dimension", one.dimension},
          {"sent_bytes", one.sent_bytes},
          {"busy", one.busy},
          {"exposed", one.exposed},
          {"late", one.late},
          {"latest_rank", one.latest_rank},
          {"latest_share", one.latest_share}};
}

double percent(const nlohmann::json& share) { return 100 * share.get<double>(); }

std::string line_of(const nlohmann::json& one) {
  const int latest = one.at("latest_rank").get<int>();
  const std::string waited = latest < 0 ? ""
                                        : fmt::format("{:8.2f}  rank {} ({:.0f} %)", percent(one.at("late")), latest,
                                                      percent(one.at("latest_share")));
  return fmt::format("  {:<8} {:>10} {:8.2f} {:9.2f} {}\n", one.at("dimension").get<std::string>(),
                     short_bytes(static_cast<Bytes>(one.at("sent_bytes").get<double>())), percent(one.at("busy")),
                     percent(one.at("exposed")), waited);
}

std::string summary_of(const nlohmann::json& step) {
  std::string text = fmt::format(
      "\nstep of {}: {:.3f} ms; one of {:.3f} ms = compute {:.1f} % + bubble {:.1f} % + exposed communication "
      "{:.2f} %; communication hidden {:.1f} %\n"
      "  MFU {:.1f} %, on an infinite fabric {:.1f} % ({:.3f} ms): the fabric costs {:.1f} points\n",
      step.at("title").get<std::string>(), step.at("step_ns").get<double>() / 1e6,
      step.value("split_ns", step.at("step_ns").get<double>()) / 1e6, percent(step.at("computed")),
      percent(step.at("bubble")), percent(step.at("exposed")), percent(step.at("overlap")), percent(step.at("mfu")),
      percent(step.at("infinite_mfu")), step.at("infinite_ns").get<double>() / 1e6,
      percent(step.at("infinite_mfu")) - percent(step.at("mfu")));
  const double have = step.at("flop_per_byte").get<double>();
  const double need = step.at("hidden_below").get<double>();
  if (have > 0)
    text += fmt::format("  all-to-alls can {}be hidden: {:.0f} FLOP per byte against 2f = {:.0f}\n",
                        have <= need ? "" : "not ", have, need);
  text += fmt::format("  {:<8} {:>10} {:>8} {:>9} {:>8}  {}\n", "", "sent/rank", "busy %", "exposed %", "late %",
                      "most waited for");
  for (const nlohmann::json& one : step.at("dimensions")) text += line_of(one);
  if (step.contains("nodes")) text += fmt::format("  NOTE: {}\n", step.at("nodes").get<std::string>());
  return text;
}

}  // namespace

nlohmann::json json_of(const StepReport& report) {
  nlohmann::json dimensions = nlohmann::json::array();
  for (const DimensionReport& one : report.dimensions) dimensions.push_back(json_of_dimension(one));
  return {{"step_ns", report.step_ns},
          {"split_ns", report.split_ns},
          {"computed", report.computed},
          {"bubble", report.bubble},
          {"communicating", report.communicating},
          {"exposed", report.exposed},
          {"overlap", report.overlap},
          {"dimensions", std::move(dimensions)},
          {"model_flops", report.model_flops},
          {"peak_flops_per_ns", report.peak_flops_ns},
          {"mfu", report.mfu},
          {"infinite_ns", report.infinite_ns},
          {"infinite_mfu", report.infinite_mfu},
          {"flop_per_byte", report.flop_per_byte},
          {"hidden_below", report.hidden_below}};
}

std::string step_summaries(const Run& run) {
  std::string text;
  with_details(run.folder / "training_step.json", [&](const nlohmann::json& points) {
    for (const nlohmann::json& step : points) text += summary_of(step);
  });
  return text;
}

}  // namespace weft::cli
