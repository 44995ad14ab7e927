#include "patterns/timeline.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "patterns/handover.hpp"

namespace weft {

namespace {

constexpr Nanoseconds kNotYet = -1;

class Simulation {
 public:
  Simulation(const Schedule& schedule, const PipelineShape& shape, Nanoseconds message_ns, const PassDuration& length)
      : schedule_(schedule), shape_(shape), message_ns_(message_ns), length_(length) {
    const std::vector<Path> paths = schedule.paths(shape);
    chunks_ = paths.size() * static_cast<std::size_t>(schedule.virtual_stages(shape));
    handovers_ = handovers_of(paths);
    for (int device = 0; device < shape.devices; ++device) orders_.push_back(schedule.order(shape, device));
    done_.resize(orders_.size());
    const std::size_t seats = orders_.size() * chunks_;
    for (auto& next : next_) next.assign(seats, nullptr);
    for (auto& arrived : arrived_) arrived.assign(seats, {});
    for (const Handover& handover : handovers_) {
      next_[index(handover.flow)][index(handover.from)] = &handover;
      arrived_[index(handover.flow)][index(handover.to)].assign(static_cast<std::size_t>(shape.micro_batches), kNotYet);
    }
  }

  std::vector<Slice> run() {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t device = 0; device < orders_.size(); ++device)
        while (advance(device)) moved = true;
    }
    std::vector<Slice> all;
    for (std::size_t device = 0; device < orders_.size(); ++device) {
      if (done_[device].size() < orders_[device].size())
        throw std::logic_error(schedule_.name + ": a device waits for what never comes");
      all.insert(all.end(), done_[device].begin(), done_[device].end());
    }
    return all;
  }

 private:
  /// Does the device's next work, or the next two where they overlap; false where their input is not there yet.
  bool advance(std::size_t device) {
    std::vector<Slice>& done = done_[device];
    const std::vector<Work>& order = orders_[device];
    if (done.size() == order.size()) return false;
    const Nanoseconds free = done.empty() ? 0 : done.back().end;
    Nanoseconds start = free;
    Nanoseconds duration = 0;
    std::size_t next = done.size();
    for (bool more = true; more; ++next) {
      const Work& work = order[next];
      const Nanoseconds input = input_of(static_cast<int>(device), work);
      if (input == kNotYet) return false;
      start = std::max(start, input);
      duration += length_(static_cast<int>(device), work);
      more = work.overlapped;
    }
    while (done.size() < next) {
      const Work& work = order[done.size()];
      done.push_back({static_cast<int>(device), work, start, start + duration});
      hand_over(done.back());
    }
    return true;
  }

  Nanoseconds input_of(int device, const Work& work) const {
    const std::optional<Flow> flow = flow_of(work.pass);
    if (!flow) return 0;
    const std::vector<Nanoseconds>& arrived = arrived_[index(*flow)][index(Seat{device, work.chunk})];
    return arrived.empty() ? 0 : arrived[static_cast<std::size_t>(work.micro_batch)];
  }

  void hand_over(const Slice& slice) {
    const std::optional<Flow> flow = flow_of(slice.work.pass);
    if (!flow) return;
    const Handover* const handover = next_[index(*flow)][index(Seat{slice.device, slice.work.chunk})];
    if (handover == nullptr) return;
    Nanoseconds arrival = slice.end;
    if (handover->is_message()) {
      Nanoseconds& link = links_[{handover->from.device, handover->to.device}];
      link = std::max(link, slice.end) + message_ns_;
      arrival = link;
    }
    arrived_[index(*flow)][index(handover->to)][static_cast<std::size_t>(slice.work.micro_batch)] = arrival;
  }

  static std::size_t index(Flow flow) { return static_cast<std::size_t>(flow); }
  std::size_t index(const Seat& seat) const {
    return static_cast<std::size_t>(seat.device) * chunks_ + static_cast<std::size_t>(seat.chunk);
  }

  const Schedule& schedule_;
  const PipelineShape& shape_;
  Nanoseconds message_ns_;
  const PassDuration& length_;
  std::vector<Handover> handovers_;
  std::size_t chunks_ = 0;  // of a device
  std::vector<std::vector<Work>> orders_;
  std::vector<std::vector<Slice>> done_;              // by device
  std::vector<const Handover*> next_[2];              // by flow and seat: where its results go
  std::vector<std::vector<Nanoseconds>> arrived_[2];  // by flow and seat: when each micro-batch's input was there
  std::map<std::pair<int, int>, Nanoseconds> links_;  // until when the link is busy
};

}  // namespace

std::vector<Slice> timeline(const Schedule& schedule, const PipelineShape& shape, Nanoseconds message_ns) {
  return timeline(schedule, shape, message_ns,
                  [&](int, const Work& work) { return schedule.duration(shape, work.pass); });
}

std::vector<Slice> timeline(const Schedule& schedule, const PipelineShape& shape, Nanoseconds message_ns,
                            const PassDuration& duration) {
  return Simulation(schedule, shape, message_ns, duration).run();
}

Nanoseconds length(const std::vector<Slice>& slices) {
  Nanoseconds end = 0;
  for (const Slice& slice : slices) end = std::max(end, slice.end);
  return end;
}

Nanoseconds busy_ns(const Schedule& schedule, const PipelineShape& shape) {
  const Nanoseconds chunk = schedule.duration(shape, Pass::forward) + schedule.duration(shape, Pass::backward);
  return chunk * schedule.virtual_stages(shape) * shape.micro_batches;
}

double bubble_share(const Schedule& schedule, const PipelineShape& shape) {
  const double bubble = schedule.bubble_ns(shape);
  const auto busy = static_cast<double>(busy_ns(schedule, shape));
  return busy > 0 && bubble >= 0 ? bubble / (busy + bubble) : -1;
}

double live_activations(const Schedule& schedule, const PipelineShape& shape, int device) {
  int live = 0;
  int most = 0;
  for (const Work& work : schedule.order(shape, device)) {
    if (work.pass == Pass::forward) most = std::max(most, ++live);
    if (work.pass == Pass::backward || work.pass == Pass::weight_gradient) --live;
  }
  return static_cast<double>(most) / schedule.virtual_stages(shape);
}

}  // namespace weft
