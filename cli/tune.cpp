#include <algorithm>
#include <cstdio>
#include <memory>

#include "analysis/result_set.hpp"
#include "analysis/tuning.hpp"
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/report_file.hpp"
#include "cli/selection_file.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "patterns/algorithms.hpp"
#include "patterns/sweep.hpp"

namespace weft::cli {

namespace {

struct Tune {
  std::vector<std::string> runs;
  std::string out;
};

/// Whether the run would show that the transport has collectives of its own.
bool asked_for_native(const nlohmann::json& run_info) {
  const auto at = "/configuration/algorithms"_json_pointer;
  if (!run_info.contains(at)) return false;
  const nlohmann::json& named = run_info.at(at);
  return std::any_of(named.begin(), named.end(), [](const nlohmann::json& name) {
    return name == nlohmann::json("all") || name == nlohmann::json(kNative);
  });
}

/// Whether it has one for this size, though it may have failed.
bool has_native(const ResultSet& set, const Curve& curve, Bytes bytes) {
  return std::any_of(set.launches.begin(), set.launches.end(), [&](const Launch& launch) {
    return std::any_of(launch.run.records.begin(), launch.run.records.end(), [&](const Record& record) {
      return record.algorithm == kNative && record.status != "refused" && record.operation == curve.operation &&
             record.transport == curve.transport && record.bytes_per_rank == bytes;
    });
  });
}

/// As a run chooses it where nobody names one; empty where there is none.
std::string automatic_algorithm(const Curve& curve, Collective collective, Bytes bytes) {
  Call call;
  call.collective = collective;
  call.ranks = curve.ranks;
  call.dtype = parse_datatype(curve.dtype);
  if (!curve.op.empty()) call.op = parse_reduce_op(curve.op);
  call.in_place = curve.in_place;
  call.count = bytes / unit_of(call);
  const Choice choice = choose_algorithms({}, call).front();
  return choice.algorithm != nullptr ? choice.name : std::string();
}

std::map<Bytes, std::string> weft_own(const ResultSet& set, const Curve& curve) {
  std::map<Bytes, std::string> own;
  if (!asked_for_native(set.launches.front().run.info)) return own;
  for (const Collective collective : all_collectives())
    for (const CurvePoint& point : curve.points)
      if (name_of(collective) == curve.operation && !has_native(set, curve, point.bytes))
        own[point.bytes] = automatic_algorithm(curve, collective, point.bytes);
  return own;
}

std::vector<PlacedCurve> curves_of_runs(const std::vector<std::string>& folders) {
  std::vector<PlacedCurve> all;
  for (const std::string& folder : folders) {
    const ResultSet set = read_result_set(folder);
    require_launch(set);
    const int hosts = count_hosts(hosts_of(set.launches.front().run));
    for (Curve& curve : curves_of(set)) {
      all.push_back({.curve = std::move(curve), .hosts = hosts, .weft_own = {}});
      all.back().weft_own = weft_own(set, all.back().curve);
    }
  }
  return all;
}

bool is_weft_own(const TunedSize& size) { return size.own && size.own->algorithm != kNative; }

std::string gain_text(const TunedSize& size) {
  return size.own ? fmt::format("{:.2f}x", size.own->time_us / size.time_us) : "n/a";
}

std::string baseline_text(const TunedSize& size) {
  return fmt::format("{}{}", is_weft_own(size) ? "auto: " : "", size.own ? size.own->algorithm : "");
}

void print_tuning(const Tuning& tuning) {
  fmt::print("{} over {}, {} ranks on {}\n{:>8} {:>12} {:>7} {:<24}  {}\n", tuning.place.operation,
             tuning.place.transport, tuning.place.ranks, counted(static_cast<std::size_t>(tuning.place.hosts), "host"),
             "B/rank", "us", "gain", "over", "algorithm");
  for (const TunedSize& size : tuning.sizes)
    fmt::print("{:>8} {:>12.4g} {:>7} {:<24}  {}{}\n", format_bytes(size.bytes), size.time_us, gain_text(size),
               baseline_text(size), size.algorithm, size.sure ? "" : " *");
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
  bool over_weft_own = false;
  for (const Tuning& tuning : tunings) {
    selections.push_back(selection_of(tuning));
    for (const TunedSize& size : tuning.sizes) {
      unsure = unsure || !size.sure;
      over_weft_own = over_weft_own || is_weft_own(size);
    }
  }
  write_report("--out", wanted.out, selections_json(selections).dump(2) + "\n");
  if (is_standard_output(wanted.out)) return static_cast<int>(ExitCode::ok);
  for (const Tuning& tuning : tunings) print_tuning(tuning);
  if (over_weft_own) fmt::print("auto: what weft runs by itself, where the transport has no collective of its own\n");
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
