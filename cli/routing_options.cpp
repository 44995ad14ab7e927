#include "cli/routing_options.hpp"

#include <limits>

#include <fmt/format.h>

#include "cli/flags.hpp"
#include "core/text.hpp"

namespace weft::cli {

namespace {

constexpr const char* kReplay = "replay:";

double value_of(const std::string& kind, const std::string& text) {
  if (kind == "hash") return parse_real(text, 0, 10);
  return parse_real(text, 1, 1e6);
}

RouterOptions parse_router(const std::string& text) {
  const std::size_t colon = text.find(':');
  RouterOptions router;
  router.kind = text.substr(0, colon);
  require_known("router", router.kind, router_kinds());
  const bool has_value = colon != std::string::npos;
  if (router.kind == "replay") throw UsageError("'replay' lacks its file: give replay:FILE");
  if (router.kind == "uniform" && has_value)
    throw UsageError(fmt::format("'{}' has a value: {} takes none", text, router.kind));
  const bool needs_value = router.kind != "uniform" && router.kind != "hash";
  if (needs_value && !has_value)
    throw UsageError(fmt::format("'{}' lacks its max/mean: give {}:M, such as {}:2", text, text, text));
  if (has_value) router.value = value_of(router.kind, text.substr(colon + 1));
  return router;
}

bool begins_with_digit(const std::string& text) { return !text.empty() && text[0] >= '0' && text[0] <= '9'; }

}  // namespace

std::vector<RouterOptions> parse_routers(const std::string& text) {
  const std::size_t at = text.starts_with(kReplay) ? 0 : text.find(std::string(",") + kReplay);
  std::vector<RouterOptions> routers;
  for (const std::string& part : at == 0 ? std::vector<std::string>() : parse_list(text.substr(0, at))) {
    if (begins_with_digit(part) && !routers.empty())
      routers.push_back({.kind = routers.back().kind, .value = value_of(routers.back().kind, part), .file = {}});
    else
      routers.push_back(parse_router(part));
  }
  if (at == std::string::npos) return routers;
  const std::string file = text.substr(text.find(kReplay, at) + std::string(kReplay).size());
  if (file.empty()) throw UsageError("'replay:' lacks its file: give replay:FILE");
  routers.push_back({.kind = "replay", .value = 1, .file = file});
  return routers;
}

PlacementOptions parse_placement(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  PlacementOptions placement{.kind = parts[0]};
  require_known("placement", placement.kind, placement_kinds());
  const bool contiguous = placement.kind == "contiguous";
  const std::size_t most = contiguous ? 1 : placement.kind == "eplb" ? 2 : 3;
  if (parts.size() > most)
    throw UsageError(fmt::format("'{}' has too many values: {} takes {}", text, parts[0], most - 1));
  if (!contiguous && parts.size() < 2)
    throw UsageError(fmt::format("'{}' lacks how many redundant experts there are: give {}:N, such as {}:32", text,
                                 parts[0], parts[0]));
  if (parts.size() > 1) placement.redundant = parse_integer<std::uint64_t>(parts[1], 0, 65'536);
  if (parts.size() > 2) placement.target = parse_real(parts[2], 1, 1e6);
  return placement;
}

void add_routing_flags(CLI::App& command, Request& request, const std::string& group) {
  constexpr auto kAny = std::numeric_limits<std::uint64_t>::max();
  add(command, "--model", "A model of `weft list`, or the path of a Hugging Face config.json", group,
      [&](const std::string& t) {
        if (t.empty()) throw UsageError("is empty: a model's name or path is needed");
        request.model = request.layout_model = t;
      })
      ->default_str(request.model);
  add_integer<std::uint64_t>(command, "--tokens", "Tokens per rank and micro-batch", group, request.tokens, 1, kAny);
  add(command, "--router",
      "How tokens choose experts: uniform, lognormal:M or powerlaw:M, M = max/mean of the experts' load; one-hot:M, "
      "one "
      "rank gets M times the mean; hash[:S], by a fixed hash of Zipf(S) token ids; replay:FILE, as recorded. A list "
      "gives points for each: lognormal:1,1.3,2,3,4",
      group, [&](const std::string& t) { request.routers = parse_routers(t); })
      ->default_str("uniform");
  add(command, "--routings", "Different routings that are cycled; not given: 4 drawn ones, or all recorded ones", group,
      [&](const std::string& t) { request.routings = parse_integer<int>(t, 1, std::numeric_limits<int>::max()); })
      ->type_name("N");
  add(command, "--replay-step", "Replay this step of the recording; not given: all", group, [&](const std::string& t) {
    request.replay.step = parse_integer<std::uint64_t>(t, 0, kAny);
  })->type_name("N");
  add(command, "--replay-layer", "Replay this layer of the recording; not given: all", group,
      [&](const std::string& t) { request.replay.layer = parse_integer<std::uint64_t>(t, 0, kAny); })
      ->type_name("N");
  add(command, "--placement",
      "Experts on ranks: contiguous, eplb:N or incremental:N[:M] with N redundant experts, M = max/mean over ranks "
      "that "
      "is enough",
      group, [&](const std::string& t) { request.placement = parse_placement(t); })
      ->default_str("contiguous");
  add_integer(command, "--ranks-per-node",
              "Ranks of a node, for hierarchical placement, distinct nodes, and two-level algorithms in an export",
              group, request.ranks_per_node, 1, 1 << 16);
  add_integer<std::uint64_t>(command, "--seed", "Seed of routers, payloads and simulated fabrics", group, request.seed,
                             0, kAny);
}

}  // namespace weft::cli
