#include "cli/pipeline_timeline.hpp"

#include <nlohmann/json.hpp>

#include "patterns/pipeline_workload.hpp"
#include "patterns/schedules/registry.hpp"
#include "patterns/timeline.hpp"

namespace weft::cli {

namespace {

constexpr int kBisections = 60;

}  // namespace

nlohmann::json pipeline_timeline(const Request& request, const Record& record) {
  const Schedule& schedule = schedules::registry().find(record.algorithm);
  const PipelineShape shape = pipeline_shape(request, record.ranks);
  const auto measured = static_cast<Nanoseconds>(record.time_us_median * 1e3);
  Nanoseconds low = 0;
  Nanoseconds high = measured;
  for (int i = 0; i < kBisections && low + 1 < high; ++i) {
    const Nanoseconds middle = (low + high) / 2;
    (length(timeline(schedule, shape, middle)) <= measured ? low : high) = middle;
  }
  nlohmann::json events = nlohmann::json::array();
  for (const Slice& slice : timeline(schedule, shape, low))
    events.push_back({{"stage", slice.device},
                      {"kind", letter_of(slice.work.pass)},
                      {"micro_batch", slice.work.micro_batch},
                      {"chunk", slice.work.chunk},
                      {"start_us", static_cast<double>(slice.start) / 1e3},
                      {"end_us", static_cast<double>(slice.end) / 1e3}});
  const auto free = static_cast<double>(length(timeline(schedule, shape, 0)));
  return {{"schedule", schedule.name},
          {"stages", shape.devices},
          {"micro_batches", shape.micro_batches},
          {"message_us", static_cast<double>(low) / 1e3},
          {"bubble_free", free > 0 ? 1 - static_cast<double>(busy_ns(schedule, shape)) / free : 0},
          {"events", std::move(events)}};
}

}  // namespace weft::cli
