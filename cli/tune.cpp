#include <cstdio>
#include <memory>

#include "analysis/compare.hpp"
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/report_file.hpp"
#include "cli/selection_file.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

struct Tune {
  std::vector<std::string> runs;
  std::string out;
};

std::vector<PlacedCurve> curves_of_runs(const std::vector<std::string>& folders) {
  std::vector<PlacedCurve> all;
  for (const std::string& folder : folders) {
    const ResultSet set = read_result_set(folder);
    require_launch(set);
    const int hosts = count_hosts(hosts_of(set.launches.front().run));
    for (Curve& curve : curves_of(set)) all.push_back({.curve = std::move(curve), .hosts = hosts});
  }
  return all;
}

std::string gain_text(const TunedSize& size) {
  if (!size.native_us) return "n/a";
  return fmt::format("{:.2f}x", *size.native_us / size.time_us);
}

void print_tuning(const Tuning& tuning) {
  fmt::print("{} over {}, {} ranks on {}\n{:>8} {:>12}  {:>9}  {}\n", tuning.place.operation, tuning.place.transport,
             tuning.place.ranks, counted(static_cast<std::size_t>(tuning.place.hosts), "host"), "B/rank", "us",
             "of native", "algorithm");
  for (const TunedSize& size : tuning.sizes)
    fmt::print("{:>8} {:>12.4g}  {:>9}  {}{}\n", format_bytes(size.bytes), size.time_us, gain_text(size),
               size.algorithm, size.sure ? "" : " *");
}

int tune_runs(const Tune& wanted) {
  const std::vector<Tuning> tunings = tune(curves_of_runs(wanted.runs));
  if (tunings.empty())
    throw UsageError(
        fmt::format("{}: there is no operation with two algorithms to choose from: measure with "
                    "--algorithm all",
                    join(wanted.runs, ", ")));
  std::vector<Selection> selections;
  bool unsure = false;
  for (const Tuning& tuning : tunings) {
    selections.push_back(selection_of(tuning));
    for (const TunedSize& size : tuning.sizes) unsure = unsure || !size.sure;
  }
  write_report("--out", wanted.out, selections_json(selections).dump(2) + "\n");
  if (is_standard_output(wanted.out)) return static_cast<int>(ExitCode::ok);
  for (const Tuning& tuning : tunings) print_tuning(tuning);
  if (unsure) fmt::print("* another's interval meets its own: more samples or launches would tell them apart\n");
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_tune(CLI::App& app, Chosen& chosen) {
  CLI::App* const command =
      app.add_subcommand("tune", "Find the best algorithm for each size, and what it gains over the library's own");
  auto wanted = std::make_shared<Tune>();
  command
      ->add_option("runs", wanted->runs,
                   "Run folders, or folders of the launches of one campaign, measured with --algorithm all")
      ->required()
      ->type_name("RUN");
  command
      ->add_option("--out", wanted->out, std::string("The selection, for weft run --selection") + kDashIsStandardOutput)
      ->type_name("FILE");
  command->callback([wanted, &chosen] { chosen = [wanted] { return tune_runs(*wanted); }; });
}

}  // namespace weft::cli
