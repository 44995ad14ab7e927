#include "patterns/schedule.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

const std::vector<std::string>& schedule_names() {
  static const std::vector<std::string> names = {"gpipe", "1f1b"};
  return names;
}

std::vector<Work> schedule_of(const std::string& schedule, int stages, int stage, int micro_batches) {
  const std::vector<std::string>& names = schedule_names();
  if (std::find(names.begin(), names.end(), schedule) == names.end())
    throw UsageError(unknown_name("schedule", schedule, names));
  const int warm_up = schedule == "gpipe" ? micro_batches : std::min(stages - 1 - stage, micro_batches);
  std::vector<Work> order;
  for (int i = 0; i < warm_up; ++i) order.push_back({Pass::forward, i});
  for (int i = warm_up; i < micro_batches; ++i) {
    order.push_back({Pass::forward, i});
    order.push_back({Pass::backward, i - warm_up});
  }
  for (int i = micro_batches - warm_up; i < micro_batches; ++i) order.push_back({Pass::backward, i});
  return order;
}

std::vector<Slice> timeline(const std::string& schedule, int stages, int micro_batches, Nanoseconds forward_ns,
                            Nanoseconds backward_ns, Nanoseconds message_ns) {
  constexpr Nanoseconds kNotYet = -1;
  const auto p = static_cast<std::size_t>(stages);
  const auto m = static_cast<std::size_t>(micro_batches);
  std::vector<std::vector<Work>> orders;
  for (int stage = 0; stage < stages; ++stage) orders.push_back(schedule_of(schedule, stages, stage, micro_batches));
  std::vector<std::vector<Slice>> done(p);
  // When each pass's message has reached its receiver, [pass][sender][micro-batch], and until when the link is busy.
  std::vector<std::vector<Nanoseconds>> arrived[2];
  for (auto& pass : arrived) pass.assign(p, std::vector<Nanoseconds>(m, kNotYet));
  std::vector<Nanoseconds> busy_until[2] = {std::vector<Nanoseconds>(p, 0), std::vector<Nanoseconds>(p, 0)};
  const auto ready = [&](std::size_t stage, const Work& work) -> Nanoseconds {
    const bool forward = work.pass == Pass::forward;
    if (forward ? stage == 0 : stage + 1 == p) return 0;
    return arrived[forward ? 0 : 1][forward ? stage - 1 : stage + 1][static_cast<std::size_t>(work.micro_batch)];
  };
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t stage = 0; stage < p; ++stage) {
      while (done[stage].size() < orders[stage].size()) {
        const Work work = orders[stage][done[stage].size()];
        const Nanoseconds message = ready(stage, work);
        if (message == kNotYet) break;
        const Nanoseconds start = std::max(message, done[stage].empty() ? 0 : done[stage].back().end);
        const std::size_t pass = work.pass == Pass::forward ? 0 : 1;
        const Nanoseconds end = start + (pass == 0 ? forward_ns : backward_ns);
        Nanoseconds& link = busy_until[pass][stage];
        link = std::max(link, end) + message_ns;
        arrived[pass][stage][static_cast<std::size_t>(work.micro_batch)] = link;
        done[stage].push_back({static_cast<int>(stage), work, start, end});
        moved = true;
      }
    }
  }
  std::vector<Slice> all;
  for (const std::vector<Slice>& slices : done) all.insert(all.end(), slices.begin(), slices.end());
  return all;
}

double bubble_share(int stages, int micro_batches) {
  return static_cast<double>(stages - 1) / static_cast<double>(micro_batches + stages - 1);
}

}  // namespace weft
