#include "analysis/measured_fabric.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "statistics/quantile.hpp"
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

constexpr const char* kTokenOperation = "dispatch and combine";

/// Each pair of ranks by itself, one with its opposite, or the first with the last: not the neighbours that messages
/// are taken for.
bool is_of_pairs(const Curve& curve) {
  return curve.pattern == "pairs" || curve.pattern == "bisection" || curve.pattern == "loggp";
}

/// A simulated fabric of one level has no nodes, wherever its ranks are.
bool has_nodes(const Run& run, const Curve& curve) {
  if (curve.transport != "model") return true;
  const nlohmann::json::json_pointer nodes("/configuration/fabric/ranks_per_node");
  return run.info.contains(nodes);
}

/// Messages go between neighbours, everything else between all.
std::optional<bool> is_between_nodes(const ResultSet& set, const Curve& curve) {
  const Run& run = set.launches.front().run;
  const std::vector<std::string> hosts = hosts_of(run);
  if (hosts.size() < 2 || !has_nodes(run, curve)) return {};
  const bool message = curve.pattern == "send_recv" || curve.operation == "pingpong";
  if (message) return hosts[0] != hosts[1];
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) { return host != hosts.front(); });
}

/// Rows of moe's all-to-all-v, whose bytes_per_rank leave the busiest rank.
bool is_token_exchange(const Record& record) {
  return record.pattern == "moe" && record.has_time() && record.notes.find("dispatcher=flat") != std::string::npos;
}

/// One for each algorithm, transport and number of ranks.
std::vector<Curve> token_curves(const ResultSet& set) {
  std::map<std::tuple<std::string, std::string, int>, std::map<Bytes, std::vector<double>>> times;
  for (const Launch& launch : set.launches)
    for (const Record& record : launch.run.records)
      if (is_token_exchange(record))
        times[{record.algorithm, record.transport, record.ranks}][record.bytes_per_rank].push_back(record.time_us());
  std::vector<Curve> curves;
  for (auto& [key, sizes] : times) {
    const auto& [algorithm, transport, ranks] = key;
    Curve curve{"moe", kTokenOperation, algorithm, transport, ranks, "", "", false, {}};
    for (auto& [bytes, all] : sizes) {
      std::sort(all.begin(), all.end());
      const double median = quantile_of_sorted(all, 0.5);
      curve.points.push_back({bytes, median, {median, median}, false});
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

bool has_size(const Curve& curve) {
  return std::any_of(curve.points.begin(), curve.points.end(), [](const CurvePoint& point) { return point.bytes > 0; });
}

std::string operation_of(Collective collective) {
  return collective == Collective::send_recv ? "pingpong" : std::string(name_of(collective));
}

/// Whether tokens were measured at about this size: what the busiest rank sends is somewhat more than the mean.
bool is_about(const Curve& curve, double bytes) {
  constexpr double kNear = 1.25;
  return bytes * kNear >= static_cast<double>(curve.points.front().bytes) &&
         bytes <= kNear * static_cast<double>(curve.points.back().bytes);
}

/// How well a curve serves a call: the smaller the better.
using Mismatch = std::tuple<int, double, int, double>;

Mismatch mismatch_of(const MeasuredCurve& measured, const WantedCall& call, const TimeOfSize& time) {
  const bool of_tokens = measured.curve.operation == kTokenOperation;
  const int place = of_tokens ? (is_about(measured.curve, call.wire) ? 0 : 2) : 1;
  const double ratio = std::abs(std::log(static_cast<double>(measured.curve.ranks) / call.ranks));
  return {measured.between_nodes.value_or(call.between_nodes) == call.between_nodes ? 0 : 1, ratio,
          call.tokens ? place : 0, time.us()};
}

}  // namespace

double wire_per_byte(Collective collective, int ranks) {
  if (collective == Collective::send_recv || collective == Collective::all_to_allv) return 1;
  return (collective == Collective::all_reduce ? 2.0 : 1.0) * (ranks - 1) / ranks;
}

MeasuredFabric::MeasuredFabric(const std::vector<ResultSet>& sets, const std::string& transport)
    : transport_(transport) {
  std::set<std::string> transports;
  std::string folders;
  for (const ResultSet& set : sets) {
    require_launch(set);
    folders += (folders.empty() ? "" : ", ") + set.folder.string();
    std::vector<Curve> curves = curves_of(set);
    for (Curve& curve : token_curves(set)) curves.push_back(std::move(curve));
    for (Curve& curve : curves) {
      if (!has_size(curve) || curve.ranks < 2 || is_of_pairs(curve)) continue;
      transports.insert(curve.transport);
      const std::optional<bool> between_nodes = is_between_nodes(set, curve);
      curves_.push_back({std::move(curve), between_nodes});
    }
  }
  const std::vector<std::string> names(transports.begin(), transports.end());
  if (names.empty())
    throw UsageError(
        fmt::format("{}: holds no measured point of a collective, send_recv or moe with right data", folders));
  if (transport_.empty() && names.size() > 1)
    throw UsageError(fmt::format("{}: was measured over {}: choose one with --transport", folders, join(names, ", ")));
  if (transport_.empty()) transport_ = names.front();
  if (!transports.contains(transport_))
    throw UsageError(
        fmt::format("--transport: {} was measured over {}, not {}", folders, join(names, ", "), transport_));
  std::erase_if(curves_, [&](const MeasuredCurve& each) { return each.curve.transport != transport_; });
}

std::optional<CallTime> MeasuredFabric::time_of(const WantedCall& call) const {
  std::optional<CallTime> best;
  Mismatch least;
  for (const MeasuredCurve& measured : curves_) {
    const bool of_tokens = call.tokens && measured.curve.operation == kTokenOperation;
    if (!of_tokens && measured.curve.operation != operation_of(call.collective)) continue;
    const double per_byte = of_tokens ? 1 : wire_per_byte(call.collective, measured.curve.ranks);
    const TimeOfSize time = time_of_size(measured.curve, call.wire / per_byte);
    const Mismatch mismatch = mismatch_of(measured, call, time);
    if (best && !(mismatch < least)) continue;
    least = mismatch;
    best = CallTime{time, &measured};
  }
  return best;
}

}  // namespace weft
