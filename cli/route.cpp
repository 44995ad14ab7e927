#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/flags.hpp"
#include "cli/models.hpp"
#include "cli/report_file.hpp"
#include "cli/routing_json.hpp"
#include "cli/routing_options.hpp"
#include "core/error.hpp"
#include "patterns/routing_facts.hpp"

namespace weft::cli {

namespace {

struct Route {
  Request request;
  int ranks = 64;
  std::string json;
};

/// What one router did: means over the routings, and the extremes.
struct Routed {
  std::string router;
  std::size_t routings = 0;
  std::vector<RoutingFact> means;
  std::vector<double> least;
  std::vector<double> most;
};

Routed route_by(const RouterOptions& router, const Model& model, const Route& wanted, const ExpertLayout& layout) {
  const std::vector<Routing> routings =
      count_routings(*make_decisions(router, model, wanted.request, wanted.ranks), model, layout);
  Routed routed{.router = describe(router),
                .routings = routings.size(),
                .means = mean_facts(routings, model, layout),
                .least = {},
                .most = {}};
  for (const Routing& routing : routings) {
    const std::vector<RoutingFact> facts = facts_of(routing, model, layout);
    routed.least.resize(facts.size(), HUGE_VAL);
    routed.most.resize(facts.size(), -HUGE_VAL);
    for (std::size_t i = 0; i < facts.size(); ++i) {
      routed.least[i] = std::min(routed.least[i], facts[i].measured);
      routed.most[i] = std::max(routed.most[i], facts[i].measured);
    }
  }
  return routed;
}

/// Counts without decimals, which would be of a mean.
std::string number(double value) {
  constexpr double kLargestShare = 1000;
  if (std::isnan(value)) return "";
  return std::abs(value) < kLargestShare ? fmt::format("{:.3f}", value) : fmt::format("{:.0f}", value);
}

void print(const Routed& routed, const Model& model, const ExpertLayout& layout) {
  fmt::print("{}, {} experts, top-{}, {} ranks on {} nodes, router {}, placement {}, {} routings\n", model.name,
             model.experts, model.top_k, layout.ranks, layout.nodes(), routed.router, describe(layout.placement),
             routed.routings);
  fmt::print("{:<32} {:>12} {:>12} {:>12} {:>12}\n", "", "mean", "least", "most", "uniform");
  for (std::size_t i = 0; i < routed.means.size(); ++i)
    fmt::print("{:<32} {:>12} {:>12} {:>12} {:>12}\n", routed.means[i].title, number(routed.means[i].measured),
               number(routed.least[i]), number(routed.most[i]), number(routed.means[i].uniform));
  fmt::print("\n");
}

int route(Route& wanted) {
  wanted.request.models_directory = models_directory();
  const Model model = load_model(wanted.request.model, wanted.request.models_directory);
  const ExpertLayout layout{
      .ranks = wanted.ranks, .ranks_per_node = wanted.request.ranks_per_node, .placement = wanted.request.placement};
  nlohmann::json routers = nlohmann::json::array();
  for (const RouterOptions& router : wanted.request.routers) {
    const Routed routed = route_by(router, model, wanted, layout);
    routers.push_back({{"router", routed.router}, {"routings", routed.routings}, {"routing", to_json(routed.means)}});
    if (!is_standard_output(wanted.json)) print(routed, model, layout);
  }
  const nlohmann::json report = {{"schema", 1},
                                 {"model", model.name},
                                 {"ranks", layout.ranks},
                                 {"nodes", layout.nodes()},
                                 {"placement", describe(layout.placement)},
                                 {"routers", routers}};
  write_report("--json", wanted.json, report.dump(2) + "\n");
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void add_route(CLI::App& app, Chosen& chosen) {
  CLI::App* const command = app.add_subcommand(
      "route", "Draw or replay routing decisions without any network: how skewed they are, how far tokens go");
  auto wanted = std::make_shared<Route>();
  add_routing_flags(*command, wanted->request, "Routing");
  add_integer(*command, "--ranks", "Ranks that the experts lie on", "Routing", wanted->ranks, 1, 1 << 16);
  add_text(*command, "--json", std::string("Write the table as JSON") + kDashIsStandardOutput, "Routing", wanted->json,
           "the name of a file");
  command->callback([wanted, &chosen] { chosen = [wanted] { return route(*wanted); }; });
}

}  // namespace weft::cli
