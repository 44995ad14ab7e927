#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/fit_page.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

/// A factor that no fabric is too slow for.
constexpr double kAnyFactor = 1e-6;

/// A row of the page, as its cells are shown.
struct FitCells {
  std::string dimension, level, ranks, calls, wire, time_ms, exposed_ms, share, verdict, gbps, needed;
};

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string needed_text(const TrafficRow& row, const RowFitness& fitness) {
  if (!row.unknown.empty()) return "?";
  if (!fitness.needed) return "none would do";
  if (*fitness.needed <= kAnyFactor || row.gbps() == 0) return "any";
  return fmt::format("{:.4g}", *fitness.needed * row.gbps());
}

/// "8", "2, 8": of the calls of a row.
std::string call_ranks_text(const FitPage& page, const TrafficRow& row) {
  std::vector<std::string> all;
  for (const std::size_t i : row.calls) {
    const std::string ranks = fmt::format("{:.4g}", page.traffic().calls[i].ranks);
    if (std::find(all.begin(), all.end(), ranks) == all.end()) all.push_back(ranks);
  }
  return join(all, ",");
}

FitCells cells_of(const FitPage& page, std::size_t index) {
  const TrafficRow& row = page.report.estimate.rows[index];
  const RowFitness& fitness = page.report.rows[index];
  std::uint64_t calls = 0;
  for (const std::size_t i : row.calls) calls += page.traffic().calls[i].calls;
  return {.dimension = row.dimension,
          .level = row.between_nodes ? "between" : "inside",
          .ranks = call_ranks_text(page, row),
          .calls = fmt::format("{}", calls),
          .wire = short_bytes(static_cast<Bytes>(std::llround(row.wire))),
          .time_ms = fmt::format("{:.4g}", row.time_us() / 1e3),
          .exposed_ms = fmt::format("{:.4g}", row.exposed_us / 1e3),
          .share = percent(page.report.estimate.share(row)),
          .verdict = name_of(fitness.fitness),
          .gbps = row.unknown.empty() ? fmt::format("{:.4g}", row.gbps()) : "?",
          .needed = needed_text(row, fitness)};
}

std::string row_name(const TrafficRow& row) {
  return fmt::format("{} {}", row.dimension, row.between_nodes ? "between nodes" : "inside a node");
}

/// What binds, and what the fabric would need.
std::string binding_text(const FitPage& page) {
  if (!page.report.binding) return "nothing is sent between ranks";
  const TrafficRow& row = page.report.estimate.rows[*page.report.binding];
  const RowFitness& fitness = page.report.rows[*page.report.binding];
  std::string text =
      fmt::format("binding: {}, exposed for {} of the step", row_name(row), percent(page.report.estimate.share(row)));
  if (!row.unknown.empty())
    text += ", as far as it is known";
  else if (!fitness.needed)
    text += "; no bandwidth would do, its latency alone is too much";
  else
    text +=
        fmt::format("; it would need {} GB/s on a rank's wire, and has {:.4g}", needed_text(row, fitness), row.gbps());
  return text;
}

std::string whole_text(const FitPage& page) {
  if (page.report.overall == Fitness::not_known) return "the whole fabric is not known: measure what is missing";
  if (!page.report.needed) return "no bandwidth of the whole fabric would do: latencies alone are too much";
  return fmt::format("all dimensions together would just fit with {:.4g} x the bandwidth that was measured",
                     *page.report.needed);
}

std::string verdict_text(const FitPage& page) {
  return fmt::format("{}: exposed communication is {} of a step (fits up to {}, marginal up to {})",
                     name_of(page.report.overall), percent(page.report.estimate.lost()),
                     percent(page.rules.limits.fits), percent(page.rules.limits.marginal));
}

std::string step_text(const FitPage& page) {
  return fmt::format(
      "step {:.4g} s on stage {}: compute {:.4g}, bubble {:.4g}, exposed communication {:.4g}; MFU {}, on an infinite "
      "fabric {}: {} of it lost",
      page.report.estimate.step_us / 1e6, page.stage, page.compute.us() / 1e6,
      page.compute.us() * page.compute.bubble / 1e6,
      (page.report.estimate.step_us - page.report.estimate.ideal_us) / 1e6, percent(page.mfu), percent(page.ideal_mfu),
      percent(1 - page.mfu / page.ideal_mfu));
}

std::string rule_text(const FitPage& page) {
  if (!page.rule) return "2d rule: no all-to-all of ep was measured";
  const double allowed = most_flop_per_byte(page.chosen.model);
  const bool hides = page.rule->flop_per_byte <= allowed;
  return fmt::format(
      "2d rule (DeepSeek-V4's report): {:.4g} TFLOP/s over {:.4g} GB/s of ep, a copy for each expert, are {:.0f} "
      "FLOP/B, "
      "{} than 2d = {:.0f}: behind routed experts alone all-to-all {} hide",
      page.rules.peak_tflops, page.rule->gbps, page.rule->flop_per_byte, hides ? "no more" : "more", allowed,
      hides ? "can" : "could not");
}

std::string basis_text(const FitPage& page) {
  return fmt::format("{} as {}, {} ranks; {} over {}; {:.4g} TFLOP/s a rank x {}; behind compute: {}",
                     page.chosen.model.name, page.chosen.layout.name, page.chosen.layout.ranks, join(page.runs, ", "),
                     page.transport, page.rules.peak_tflops, percent(page.rules.efficiency),
                     page.rules.hidden.empty() ? "nothing" : join(page.rules.hidden, ", "));
}

/// What would break a cell or be read as markup.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (std::string_view("|*_`[]<>\\").find(letter) != std::string_view::npos) safe += '\\';
    safe += letter;
  }
  return safe;
}

}  // namespace

std::string fit_table(const FitPage& page) {
  std::string text = fmt::format("{}\n{}\n\n", basis_text(page), step_text(page));
  const auto line = [&](const FitCells& cells) {
    text += fmt::format("  {:<6} {:<8} {:>6} {:>8} {:>9} {:>10} {:>10} {:>7}  {:<12} {:>8} {:>13}\n", cells.dimension,
                        cells.level, cells.ranks, cells.calls, cells.wire, cells.time_ms, cells.exposed_ms, cells.share,
                        cells.verdict, cells.gbps, cells.needed);
  };
  line({"", "nodes", "ranks", "calls", "wire", "ms", "exposed ms", "share", "verdict", "GB/s", "needs GB/s"});
  for (std::size_t i = 0; i < page.report.rows.size(); ++i) line(cells_of(page, i));
  text += fmt::format("\n{}\n{}\n{}\n{}\n", verdict_text(page), binding_text(page), whole_text(page), rule_text(page));
  for (const std::string& sentence : page.missing) text += fmt::format("missing: {}\n", sentence);
  for (const std::string& sentence : page.assumed) text += fmt::format("# {}\n", sentence);
  for (const std::string& sentence : page.left_out) text += fmt::format("# {}\n", sentence);
  return text;
}

std::string fit_markdown(const FitPage& page) {
  std::string text = fmt::format("### weft fit: {}\n\n{}\n\n", name_of(page.report.overall), escaped(basis_text(page)));
  for (const std::string& sentence :
       {verdict_text(page), binding_text(page), whole_text(page), step_text(page), rule_text(page)})
    text += fmt::format("- {}\n", escaped(sentence));
  text +=
      "\n| dimension | nodes | ranks | calls | wire | ms | exposed ms | share | verdict | GB/s | needs GB/s |\n"
      "|---|---|---:|---:|---:|---:|---:|---:|---|---:|---:|\n";
  for (std::size_t i = 0; i < page.report.rows.size(); ++i) {
    const FitCells cells = cells_of(page, i);
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", cells.dimension, cells.level,
                        cells.ranks, cells.calls, cells.wire, cells.time_ms, cells.exposed_ms, cells.share,
                        cells.verdict, cells.gbps, cells.needed);
  }
  text += "\n";
  for (const std::string& sentence : page.missing) text += fmt::format("- missing: {}\n", escaped(sentence));
  for (const std::string& sentence : page.assumed) text += fmt::format("- {}\n", escaped(sentence));
  for (const std::string& sentence : page.left_out) text += fmt::format("- {}\n", escaped(sentence));
  return text;
}

}  // namespace weft::cli
