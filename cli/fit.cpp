#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/fabric.hpp"
#include "cli/fit_page.hpp"
#include "cli/flags.hpp"
#include "cli/report_file.hpp"
#include "core/error.hpp"
#include "patterns/rank_groups.hpp"

namespace weft::cli {

namespace {

constexpr const char* kVerdict = "Verdict";
constexpr const char* kRun = "Training run";
constexpr const char* kReports = "Reports";

struct Fit {
  std::vector<std::string> runs;
  LayoutChoice choice;
  std::string transport;
  std::optional<double> peak_tflops;
  NamedFabric fabric;
  double efficiency = 0.5;
  FitLimits limits;
  std::optional<std::vector<std::string>> hidden;
  std::string json, markdown;
  bool gate = false;
};

double peak_of(const Fit& wanted) {
  if (wanted.peak_tflops) return *wanted.peak_tflops;
  if (wanted.fabric.peak_tflops) return *wanted.fabric.peak_tflops;
  throw UsageError(
      fmt::format("--peak: is needed{}: give the dense BF16 TFLOP/s of one rank's device, or with --fabric a fabric "
                  "whose file has \"peak_tflops\"",
                  wanted.fabric.name.empty() ? "" : ", since " + wanted.fabric.name + " has no \"peak_tflops\""));
}

std::vector<std::string> parse_hidden(const std::string& text) {
  if (text == "none") return {};
  std::vector<std::string> dimensions = parse_list(text);
  for (const std::string& dimension : dimensions) require_known("dimension", dimension, group_dimensions());
  return dimensions;
}

int fit(const Fit& wanted) {
  ChosenLayout chosen = choose_layout(wanted.choice);
  FitRules rules{.peak_tflops = peak_of(wanted),
                 .efficiency = wanted.efficiency,
                 .limits = wanted.limits,
                 .hidden = wanted.hidden.value_or(hidden_dimensions(chosen.layout.schedule))};
  if (rules.limits.marginal < rules.limits.fits)
    throw UsageError(
        fmt::format("--marginal {:.4g} is less than --fits {:.4g}: it is where a fabric no longer is even "
                    "marginal",
                    rules.limits.marginal, rules.limits.fits));
  std::vector<ResultSet> sets;
  for (const std::string& run : wanted.runs) sets.push_back(read_result_set(run));
  const MeasuredFabric fabric(sets, wanted.transport);
  const FitPage page = make_fit_page(std::move(chosen), rules, fabric, wanted.runs);
  write_report("--json", wanted.json, fit_json(page).dump(2) + "\n");
  write_report("--markdown", wanted.markdown, fit_markdown(page));
  if (!is_standard_output(wanted.json) && !is_standard_output(wanted.markdown)) fmt::print("{}", fit_table(page));
  constexpr int kUnfit = 1;
  const bool unfit = page.report.overall == Fitness::does_not_fit || page.report.overall == Fitness::not_known;
  return wanted.gate && unfit ? kUnfit : static_cast<int>(ExitCode::ok);
}

void add_rules(CLI::App& command, Fit& wanted) {
  add(command, "--peak", "Dense BF16 TFLOP/s of one rank's device; not given: that of --fabric's file", kVerdict,
      [&](const std::string& t) { wanted.peak_tflops = parse_real(t, 1e-3, 1e9); });
  add(command, "--fabric", "A fabric that `weft list` names, or its file, for its peak_tflops", kVerdict,
      [&](const std::string& t) { wanted.fabric = parse_fabric(t); });
  add(command, "--efficiency", "Of the peak, while a rank computes", kVerdict, [&](const std::string& t) {
    wanted.efficiency = parse_share(t);
  })->default_str("50%");
  add(command, "--fits", "Share of the step that exposed communication may take where a fabric fits", kVerdict,
      [&](const std::string& t) { wanted.limits.fits = parse_share(t); })
      ->default_str("5%");
  add(command, "--marginal", "Share beyond which it does not fit", kVerdict, [&](const std::string& t) {
    wanted.limits.marginal = parse_share(t);
  })->default_str("15%");
  add(command, "--hide",
      "Dimensions whose calls run behind compute, such as ep,pp,dp-cp,edp, or none; not given: pp,dp-cp,edp, and ep "
      "with "
      "schedules dualpipe and dualpipev",
      kVerdict, [&](const std::string& t) { wanted.hidden = parse_hidden(t); });
  command.add_flag("--gate", wanted.gate, "Exit code 1 where it does not fit, or that is not known")->group(kVerdict);
}

}  // namespace

void add_fit(CLI::App& app, Chosen& chosen) {
  CLI::App* const command =
      app.add_subcommand("fit", "Whether a measured fabric is fit for a training run, and what it would need");
  auto wanted = std::make_shared<Fit>();
  command
      ->add_option(
          "runs", wanted->runs,
          "Run folders, or folders of the launches of one campaign: one, or several that were measured with other "
          "numbers of ranks or nodes")
      ->required()
      ->type_name("RUN");
  command->add_option("--layout", wanted->choice.layout, "A layout that `weft list` shows, or the path of its file")
      ->required()
      ->type_name("LAYOUT")
      ->group(kRun);
  add_model_of_layout(*command, wanted->choice);
  add_text(*command, "-t,--transport", "Which transport of the runs, where they have several", kRun, wanted->transport,
           "the name of a transport");
  add_rules(*command, *wanted);
  for (auto [flag, file] : {std::pair("--json", &wanted->json), std::pair("--markdown", &wanted->markdown)})
    command->add_option(flag, *file, std::string("The page as a file") + kDashIsStandardOutput)
        ->type_name("FILE")
        ->group(kReports);
  command->callback([wanted, &chosen] { chosen = [wanted] { return fit(*wanted); }; });
}

}  // namespace weft::cli
