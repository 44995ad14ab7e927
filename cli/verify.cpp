#include "collectives/verify.hpp"

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/models.hpp"
#include "cli/plugin_flag.hpp"
#include "patterns/registry.hpp"

namespace weft::cli {

namespace {

constexpr std::size_t kShownFindings = 5;

struct Verification {
  int most_ranks = 17;
  std::vector<LoadedPlugin> plugins;
  std::vector<std::string> patterns = {"moe", "pipeline"};
  std::size_t wrong = 0;
};

void report(Verification& verification, const std::string& subject, std::size_t programs, const Findings& findings) {
  fmt::print("{:<36} {:>6} programs  {}\n", subject, programs,
             findings.empty() ? "ok" : fmt::format("{} findings", findings.size()));
  for (std::size_t i = 0; i < std::min(findings.size(), kShownFindings); ++i) fmt::print("    {}\n", findings[i]);
  verification.wrong += findings.size();
}

void append(Findings& all, const Findings& some) { all.insert(all.end(), some.begin(), some.end()); }

std::shared_ptr<const TrafficMatrix> uneven_matrix(int ranks, Bytes element, bool symmetric) {
  auto matrix = std::make_shared<TrafficMatrix>();
  for (int from = 0; from < ranks; ++from)
    for (int to = 0; to < ranks; ++to)
      matrix->push_back(static_cast<Bytes>((symmetric ? from + to : 3 * from + to) % 5) * element);
  return matrix;
}

/// The calls with which an algorithm is checked on so many ranks.
std::vector<Call> calls_of(const Algorithm& algorithm, int ranks) {
  std::vector<Call> calls;
  for (const std::shared_ptr<const Nodes>& nodes : nodes_to_check(algorithm, ranks)) {
    for (const std::uint64_t count : {0, 1, 7, 40}) {
      for (const bool in_place : {false, true}) {
        if (in_place && !has_in_place(algorithm.collective)) continue;
        Call call{.collective = algorithm.collective,
                  .ranks = ranks,
                  .count = count,
                  .root = ranks / 2,
                  .in_place = in_place,
                  .nodes = nodes};
        if (algorithm.collective == Collective::all_to_allv)
          call.matrix = uneven_matrix(ranks, call.element(), in_place);
        calls.push_back(std::move(call));
      }
    }
  }
  return calls;
}

void verify_algorithm(Verification& verification, const Algorithm& algorithm) {
  Findings findings;
  std::size_t programs = 0;
  for (int ranks = 1; ranks <= verification.most_ranks; ++ranks) {
    for (const Call& call : calls_of(algorithm, ranks)) {
      if (!algorithm.refuses(call).empty()) continue;
      append(findings, verify_collective(algorithm, call));
      programs += static_cast<std::size_t>(ranks);
    }
  }
  report(verification, algorithm.key(), programs, findings);
}

void verify_pattern(Verification& verification, const Pattern& pattern) {
  Request request;
  request.models_directory = models_directory();
  request.tokens = 64;
  request.algorithms = {"all"};
  Findings findings;
  std::size_t programs = 0;
  for (int ranks = 1; ranks <= verification.most_ranks; ++ranks) {
    request.micro_batches = 2 * ranks;  // which every schedule serves
    for (const Point& point : pattern.plan(request, ranks)) {
      if (!point.refused.empty() || point.algorithm == kNative) continue;
      std::vector<std::unique_ptr<Workload>> workloads;
      for (int rank = 0; rank < ranks; ++rank) workloads.push_back(point.build(rank));
      for (std::size_t i = 0; i < workloads.front()->programs().size(); ++i) {
        std::vector<Program> traffic;
        for (const auto& workload : workloads) traffic.push_back(workload->programs()[i]);
        append(findings, verify_traffic(traffic));
        programs += traffic.size();
      }
    }
  }
  report(verification, "pattern " + pattern.name, programs, findings);
}

int verify(Verification& verification) {
  std::vector<const Pattern*> chosen;
  for (const std::string& name : verification.patterns) chosen.push_back(&patterns::registry().find(name));
  for (const Algorithm& algorithm : collectives::registry().entries()) verify_algorithm(verification, algorithm);
  for (const Pattern* pattern : chosen) verify_pattern(verification, *pattern);
  if (verification.wrong > 0) fmt::print("{} findings\n", verification.wrong);
  return static_cast<int>(verification.wrong == 0 ? ExitCode::ok : ExitCode::wrong_data);
}

}  // namespace

void add_verify(CLI::App& app, Chosen& chosen) {
  CLI::App* const command = app.add_subcommand("verify",
                                               "Check every algorithm's and pattern's programs without a network: "
                                               "matching, deadlock, bounds, overlap, result, bytes");
  auto verification = std::make_shared<Verification>();
  add_plugin_flag(*command, verification->plugins);
  command->add_option("patterns", verification->patterns, "Patterns whose programs are checked as well")
      ->capture_default_str();
  command->add_option("--ranks", verification->most_ranks, "Check all rank counts from 1 to this")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->callback([verification, &chosen] { chosen = [verification] { return verify(*verification); }; });
}

}  // namespace weft::cli
