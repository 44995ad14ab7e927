#include "cli/pipeline_timeline.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "patterns/schedule.hpp"

namespace weft::cli {

namespace {

constexpr int kBisections = 60;

Nanoseconds length(const std::vector<Slice>& slices) {
  Nanoseconds end = 0;
  for (const Slice& slice : slices) end = std::max(end, slice.end);
  return end;
}

}  // namespace

nlohmann::json pipeline_timeline(const Request& request, const Record& record) {
  const int stages = request.stages > 0 ? request.stages : record.ranks;
  const auto at = [&](Nanoseconds message) {
    return timeline(record.algorithm, stages, request.micro_batches, request.forward_ns, request.backward_ns, message);
  };
  const auto measured = static_cast<Nanoseconds>(record.time_us_median * 1e3);
  Nanoseconds low = 0;
  Nanoseconds high = measured;
  for (int i = 0; i < kBisections && low + 1 < high; ++i) {
    const Nanoseconds middle = (low + high) / 2;
    (length(at(middle)) <= measured ? low : high) = middle;
  }
  nlohmann::json events = nlohmann::json::array();
  for (const Slice& slice : at(low))
    events.push_back({{"stage", slice.stage},
                      {"kind", slice.work.pass == Pass::forward ? "F" : "B"},
                      {"micro_batch", slice.work.micro_batch},
                      {"start_us", static_cast<double>(slice.start) / 1e3},
                      {"end_us", static_cast<double>(slice.end) / 1e3}});
  return {{"schedule", record.algorithm},
          {"stages", stages},
          {"micro_batches", request.micro_batches},
          {"message_us", static_cast<double>(low) / 1e3},
          {"events", std::move(events)}};
}

}  // namespace weft::cli
