#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>

#include "analysis/curves.hpp"
#include "analysis/guidelines.hpp"
#include "analysis/loggp.hpp"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/report_file.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "results/or_null.hpp"

namespace weft::cli {

namespace {

struct Check {
  std::string folder;
  std::string json;
  bool strict = false;
};

/// What there is to say of a result set.
struct CheckReport {
  std::vector<Curve> curves;
  std::vector<std::optional<CurveFit>> fits;  ///< of each curve
  std::vector<LogGP> loggp;
  GuidelineCheck guidelines;
};

nlohmann::json json_of(const FittedSegment& piece) {
  return {{"from_bytes", piece.from},
          {"to_bytes", piece.to},
          {"latency_us", piece.latency_us},
          {"us_per_byte", piece.us_per_byte},
          {"bandwidth_GBps", or_null(if_finite(piece.bandwidth_gbps()))}};
}

nlohmann::json json_of(const Curve& curve, const CurveFit& fit) {
  nlohmann::json pieces = nlohmann::json::array();
  for (const FittedSegment& piece : fit.pieces) pieces.push_back(json_of(piece));
  return {{"pattern", curve.pattern},
          {"operation", curve.operation},
          {"algorithm", curve.algorithm},
          {"transport", curve.transport},
          {"ranks", curve.ranks},
          {"dtype", curve.dtype},
          {"op", curve.op},
          {"in_place", curve.in_place},
          {"hockney", json_of(fit.hockney)},
          {"half_bytes", or_null(if_finite(fit.half_bytes))},
          {"pieces", pieces},
          {"breaks_bytes", fit.breaks},
          {"worst_residual", fit.worst_residual}};
}

nlohmann::json json_of(const LogGP& p) {
  nlohmann::json overhead;
  if (p.overhead_us) overhead = {{"us", p.overhead_us->us}, {"half_width_us", or_null(p.overhead_us->half_width_us)}};
  return {{"transport", p.transport},
          {"ranks", p.ranks},
          {"dtype", p.dtype},
          {"L_plus_2o_us", p.l_plus_2o_us},
          {"L_us", or_null(p.latency_us)},
          {"o", overhead},
          {"g_us", or_null(p.gap_us)},
          {"G_ns_per_byte", p.gap_per_byte_ns}};
}

nlohmann::json json_of(const CheckReport& found) {
  nlohmann::json fits = nlohmann::json::array();
  for (std::size_t i = 0; i < found.curves.size(); ++i)
    if (found.fits[i]) fits.push_back(json_of(found.curves[i], *found.fits[i]));
  nlohmann::json loggp = nlohmann::json::array();
  for (const LogGP& p : found.loggp) loggp.push_back(json_of(p));
  nlohmann::json violations = nlohmann::json::array();
  for (const Violation& v : found.guidelines.violations)
    violations.push_back({{"guideline", v.guideline},
                          {"series", v.series},
                          {"bytes_per_rank", v.bytes},
                          {"time_us", v.time_us},
                          {"bound_us", v.bound_us},
                          {"factor", v.factor},
                          {"interval_known", v.has_interval},
                          {"sentence", v.sentence}});
  return {{"schema", 1},
          {"fits", fits},
          {"loggp", loggp},
          {"compared", found.guidelines.compared},
          {"violations", violations}};
}

std::string bytes_text(double bytes) {
  if (!std::isfinite(bytes)) return "-";
  return format_bytes(static_cast<Bytes>(std::llround(bytes)));
}

std::string breaks_text(const CurveFit& fit) {
  std::vector<std::string> sizes;
  for (const Bytes bytes : fit.breaks) sizes.push_back(format_bytes(bytes));
  return sizes.empty() ? "-" : join(sizes, " ");
}

std::string text_of(const LogGP& p) {
  std::string text =
      fmt::format("LogGP of {} ({} ranks{}{}): ", p.transport, p.ranks, p.dtype.empty() ? "" : ", ", p.dtype);
  if (p.latency_us) text += fmt::format("L = {:.4g} us, ", *p.latency_us);
  if (p.overhead_us) {
    const auto half = p.overhead_us->half_width_us;
    text += fmt::format("o = {:.3g} ± {} us, ", p.overhead_us->us, half ? fmt::format("{:.2g}", *half) : "n/a");
  }
  text += fmt::format("L + 2o = {:.4g} us, ", p.l_plus_2o_us);
  if (p.gap_us) text += fmt::format("g = {:.4g} us, ", *p.gap_us);
  text += fmt::format("G = {:.4g} ns/B", p.gap_per_byte_ns);
  return p.lacks.empty() ? text : text + "; " + p.lacks;
}

void print_fits(const CheckReport& found) {
  fmt::print("T = latency + bytes / bandwidth, by bytes per rank\n{:>10} {:>10} {:>9}  {:>10} {:>10}  {:<16} {}\n",
             "latency us", "GB/s", "n1/2", "first us", "last GB/s", "breaks at", "curve");
  for (std::size_t i = 0; i < found.curves.size(); ++i) {
    if (!found.fits[i]) continue;
    const CurveFit& fit = *found.fits[i];
    fmt::print("{:>10.4g} {:>10.4g} {:>9}  {:>10.4g} {:>10.4g}  {:<16} {}\n", fit.hockney.latency_us,
               fit.hockney.bandwidth_gbps(), bytes_text(fit.half_bytes), fit.pieces.front().latency_us,
               fit.pieces.back().bandwidth_gbps(), breaks_text(fit), found.curves[i].title());
  }
  for (const LogGP& p : found.loggp) fmt::print("{}\n", text_of(p));
}

void print_violations(const GuidelineCheck& check) {
  bool unsure = false;
  for (const Violation& violation : check.violations) {
    fmt::print("{}{}: {}\n", violation.guideline, violation.has_interval ? "" : " *", violation.sentence);
    unsure = unsure || !violation.has_interval;
  }
  if (unsure) fmt::print("* without an interval: more samples or launches would tell whether it is noise\n");
  if (check.compared == 0)
    fmt::print("nothing was compared: no guideline has both its sides here, and no curve has two sizes\n");
  else
    fmt::print("{} in {}\n",
               check.violations.empty() ? "no guideline is violated by more than 5 %"
                                        : counted(check.violations.size(), "violation") + " of guidelines",
               counted(check.compared, "comparison"));
}

int check(const Check& wanted) {
  const ResultSet set = read_result_set(wanted.folder);
  require_launch(set);
  CheckReport found;
  found.curves = curves_of(set);
  if (found.curves.empty())
    throw UsageError(fmt::format("{}: holds no measured point of a collective, send_recv or loggp with right data",
                                 set.folder.string()));
  for (const Curve& curve : found.curves) found.fits.push_back(fit_of(curve));
  found.loggp = loggp_of(found.curves);
  found.guidelines = check_guidelines(found.curves);
  write_report("--json", wanted.json, json_of(found).dump(2) + "\n");
  if (!is_standard_output(wanted.json)) {
    print_fits(found);
    fmt::print("\n");
    print_violations(found.guidelines);
  }
  constexpr int kViolated = 1;
  const auto& violations = found.guidelines.violations;
  const bool sure = std::any_of(violations.begin(), violations.end(), std::mem_fn(&Violation::has_interval));
  return wanted.strict && sure ? kViolated : static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  CLI::App* const command =
      app.add_subcommand("check", "Fit latency and bandwidth to a run, and name what a sane library would not do");
  auto wanted = std::make_shared<Check>();
  command->add_option("run", wanted->folder, "A run folder, or a folder of the launches of one campaign")
      ->required()
      ->type_name("RUN");
  command
      ->add_option(
          "--json", wanted->json,
          std::string("Fits and violations; as RUN/fits.json they are drawn by plot.py") + kDashIsStandardOutput)
      ->type_name("FILE");
  command->add_flag("--strict", wanted->strict,
                    "Exit code 1 where a guideline is violated and the intervals do not meet");
  command->callback([wanted, &chosen] { chosen = [wanted] { return check(*wanted); }; });
}

}  // namespace weft::cli
