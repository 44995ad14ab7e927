#include "patterns/timeline.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "patterns/schedules/registry.hpp"
#include "tests/unit/patterns/served_shapes.hpp"

namespace weft {
namespace {

Slice slice_of(const std::vector<Slice>& slices, int device, const char* letter, int micro_batch, int chunk) {
  for (const Slice& slice : slices)
    if (slice.device == device && std::string(letter_of(slice.work.pass)) == letter &&
        slice.work.micro_batch == micro_batch && slice.work.chunk == chunk)
      return slice;
  ADD_FAILURE() << "device " << device << " has no " << letter << micro_batch << "." << chunk;
  return {};
}

TEST(Timeline, HasEveryPassOfEveryDeviceOneAfterTheOther) {
  for (const Schedule& each : schedules::registry().entries())
    for (const PipelineShape& shape : served_shapes(each)) {
      std::vector<std::size_t> passes(static_cast<std::size_t>(shape.devices));
      const std::vector<Slice> slices = timeline(each, shape, 5);
      for (std::size_t i = 0; i < slices.size(); ++i) {
        ++passes[static_cast<std::size_t>(slices[i].device)];
        if (i == 0 || slices[i].device != slices[i - 1].device) continue;
        const bool together = slices[i - 1].work.overlapped && slices[i - 1].start == slices[i].start &&
                              slices[i - 1].end == slices[i].end;
        EXPECT_TRUE(together || slices[i].start >= slices[i - 1].end) << each.name << " " << describe(shape);
      }
      for (int device = 0; device < shape.devices; ++device)
        EXPECT_EQ(passes[static_cast<std::size_t>(device)], each.order(shape, device).size()) << each.name;
    }
}

TEST(Timeline, PassesFollowTheirInputs) {
  constexpr Nanoseconds kMessage = 3;
  for (const Schedule& each : schedules::registry().entries()) {
    const PipelineShape shape{.devices = 4, .micro_batches = 8, .forward_ns = 12, .backward_ns = 24, .weight_ns = 12};
    const std::vector<Slice> slices = timeline(each, shape, kMessage);
    const std::vector<Path> paths = each.paths(shape);
    const auto backward_of = [&](const Seat& seat, int i) {
      for (const Slice& slice : slices)
        if (slice.device == seat.device && slice.work.chunk == seat.chunk && slice.work.micro_batch == i &&
            (slice.work.pass == Pass::backward || slice.work.pass == Pass::input_gradient))
          return slice;
      return Slice{};
    };
    for (std::size_t path = 0; path < paths.size(); ++path)
      for (std::size_t stage = 0; stage + 1 < paths[path].size(); ++stage) {
        const Seat from = paths[path][stage];
        const Seat to = paths[path][stage + 1];
        const Nanoseconds message = from.device == to.device ? 0 : kMessage;
        const int of_each = 8 / static_cast<int>(paths.size());
        for (int i = static_cast<int>(path) * of_each; i < (static_cast<int>(path) + 1) * of_each; ++i) {
          EXPECT_GE(slice_of(slices, to.device, "F", i, to.chunk).start,
                    slice_of(slices, from.device, "F", i, from.chunk).end + message)
              << each.name;
          EXPECT_GE(backward_of(from, i).start, backward_of(to, i).end + message) << each.name;
        }
      }
  }
}

TEST(Timeline, ALinkCarriesOneMessageAtATime) {
  const PipelineShape shape{.devices = 2, .micro_batches = 4, .forward_ns = 1, .backward_ns = 1};
  for (const Slice& slice : timeline(schedules::registry().find("gpipe"), shape, 10)) {
    if (slice.device != 1 || slice.work.pass != Pass::forward) continue;
    EXPECT_EQ(slice.start, 1 + 10 * (slice.work.micro_batch + 1));
  }
}

TEST(Timeline, OverlappedPassesTakeTheTimeOfBothAndEndTogether) {
  const PipelineShape shape{.devices = 2, .micro_batches = 4, .forward_ns = 10, .backward_ns = 20, .weight_ns = 10};
  const std::vector<Slice> slices = timeline(schedules::registry().find("dualpipe"), shape, 0);
  int pairs = 0;
  for (std::size_t i = 0; i + 1 < slices.size(); ++i) {
    if (!slices[i].work.overlapped) continue;
    ++pairs;
    EXPECT_EQ(slices[i].end - slices[i].start, 30);
    EXPECT_EQ(slices[i + 1].start, slices[i].start);
    EXPECT_EQ(slices[i + 1].end, slices[i].end);
  }
  EXPECT_EQ(pairs, 2);
}

TEST(Timeline, SaysWhereAnOrderCannotBeFinished) {
  Schedule broken = schedules::registry().find("gpipe");
  broken.order = [](const PipelineShape&, int device) {
    const Work forward{Pass::forward, 0};
    const Work backward{Pass::backward, 0};
    return device == 0 ? std::vector<Work>{backward, forward} : std::vector<Work>{forward, backward};
  };
  EXPECT_THROW(timeline(broken, {.devices = 2, .micro_batches = 1}, 0), std::logic_error);
}

}  // namespace
}  // namespace weft
