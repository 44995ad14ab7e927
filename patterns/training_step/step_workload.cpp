#include "patterns/training_step/step_workload.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "collectives/summands.hpp"
#include "patterns/pipeline_traffic.hpp"
#include "patterns/training_step/step_calls.hpp"
#include "patterns/training_step/step_passes.hpp"

namespace weft {

namespace {

/// Writes the lanes of a step.
class StepWriter {
 public:
  StepWriter(const StepCalls& calls, const StepPasses& passes, int device, Program& program)
      : calls_(calls), passes_(passes), device_(device), program_(program) {
    for (int lane = 0; lane < kStepLanes; ++lane) program_.lanes.emplace_back(name_of(static_cast<StepLane>(lane)));
  }

  void write(const PipelineMessages& messages) {
    const std::vector<Work>& order = messages.order();
    gather_parameters(order);
    for (auto work = order.begin(); work != order.end();) {
      auto end = work + 1;
      while ((end - 1)->overlapped) ++end;
      run({work, end}, messages);
      for (; work != end; ++work) reduce_after_last(*work, order);
    }
    for (const int event : last_events_) compute().await(event);
  }

 private:
  /// A pass under way.
  struct Stream {
    std::vector<Piece> pieces;
    std::size_t next = 0;
    std::optional<int> awaited;
    bool ended() const { return next == pieces.size() && !awaited; }
  };

  Lane& lane(StepLane which) { return program_.lanes[static_cast<std::size_t>(which)]; }
  Lane& compute() { return lane(StepLane::compute); }
  int new_event() { return program_.events++; }

  /// Calls on their lane once compute has come here; gives the event of their end.
  int issue(StepLane where, const CallSequence& sequence) {
    const int ready = new_event();
    compute().signal(ready);
    lane(where).await(ready);
    return call(where, sequence);
  }
  int call(StepLane where, const CallSequence& sequence) {
    for (const int routine : sequence) lane(where).call(routine);
    const int done = new_event();
    lane(where).signal(done);
    return done;
  }

  /// The passes run as one: while one waits for its communication, the other computes.
  void run(std::vector<Work> works, const PipelineMessages& messages) {
    std::vector<Stream> streams;
    for (const Work& work : works) {
      if (const std::optional<int> input = messages.input(work)) compute().await(*input);
      if (work.pass == Pass::forward) await_parameters(work.chunk);
      streams.push_back({.pieces = passes_.pieces(device_, work), .awaited = {}});
    }
    std::size_t left = streams.size();
    while (left > 0)
      for (std::size_t i = 0; i < streams.size(); ++i) {
        if (streams[i].next > streams[i].pieces.size()) continue;  // its end is marked
        go_on(streams[i]);
        if (!streams[i].ended()) continue;
        if (const std::optional<int> output = messages.output(works[i])) compute().signal(*output);
        streams[i].next = streams[i].pieces.size() + 1;
        --left;
      }
  }

  /// Up to the next communication, and what can be computed beside it.
  void go_on(Stream& stream) {
    if (stream.awaited) compute().await(*stream.awaited);
    stream.awaited.reset();
    while (stream.next < stream.pieces.size() && !stream.awaited) {
      const Piece& piece = stream.pieces[stream.next++];
      if (piece.calls.empty())
        compute().compute(std::llround(piece.compute));
      else
        stream.awaited = issue(piece.lane, piece.calls);
    }
    for (; stream.next < stream.pieces.size() && stream.pieces[stream.next].beside; ++stream.next)
      compute().compute(std::llround(stream.pieces[stream.next].compute));
  }

  void gather_parameters(const std::vector<Work>& order) {
    gathered_.resize(calls_.chunks.size());
    std::vector<char> seen(calls_.chunks.size(), 0);
    for (const Work& work : order) {
      const auto chunk = static_cast<std::size_t>(work.chunk);
      if (seen[chunk] != 0) continue;
      seen[chunk] = 1;
      const StepCalls::ChunkParameters& parameters = calls_.chunks[chunk];
      if (!parameters.dense.gather.empty()) gathered_[chunk].push_back(call(StepLane::dp_cp, parameters.dense.gather));
      if (!parameters.experts.gather.empty())
        gathered_[chunk].push_back(call(StepLane::edp, parameters.experts.gather));
    }
  }

  void await_parameters(int chunk) {
    for (const int event : gathered_[static_cast<std::size_t>(chunk)]) compute().await(event);
    gathered_[static_cast<std::size_t>(chunk)].clear();
  }

  void reduce_after_last(const Work& work, const std::vector<Work>& order) {
    const auto last = std::find_if(order.rbegin(), order.rend(), [&](const Work& other) {
      return other.chunk == work.chunk && (other.pass == Pass::backward || other.pass == Pass::weight_gradient);
    });
    if (!(*last == work)) return;
    const StepCalls::ChunkParameters& parameters = calls_.chunks[static_cast<std::size_t>(work.chunk)];
    if (!parameters.dense.reduce.empty()) last_events_.push_back(issue(StepLane::dp_cp, parameters.dense.reduce));
    if (!parameters.experts.reduce.empty()) last_events_.push_back(issue(StepLane::edp, parameters.experts.reduce));
  }

  const StepCalls& calls_;
  const StepPasses& passes_;
  int device_;
  Program& program_;
  std::vector<std::vector<int>> gathered_;  // events, by chunk, until they are awaited
  std::vector<int> last_events_;
};

/// Payload of the pipeline and of the collectives differ.
constexpr std::uint64_t kOfPipeline = 0x70;

}  // namespace

StepWorkload::StepWorkload(std::shared_ptr<const StepPlan> plan, int rank) : plan_(std::move(plan)) {
  const StepCalls calls = step_calls(*plan_, rank);
  const GroupMap& pipeline = plan_->groups.at("pp");
  const int device = pipeline.place(rank);
  Program program;
  program.rank = rank;
  program.ranks = plan_->ranks();
  program.dtype = Datatype::bf16;
  messages_ = std::make_unique<PipelineMessages>(
      *plan_->schedule, plan_->shape, stage_message(plan_->model(), plan_->layout().tokens()),
      PipelineSeat{.device = device, .ranks = pipeline.of(rank)}, PipelineMessages::Place{});
  program.in_bytes = messages_->in_bytes();
  program.out_bytes = messages_->out_bytes();
  program.events = messages_->events();
  const int place = plan_->groups.at("ep").place(rank);
  const StepPasses passes(*plan_, calls, [&](std::size_t routing) {
    return static_cast<double>(plan_->routings[routing].received(place));
  });
  StepWriter(calls, passes, device, program).write(*messages_);
  for (Lane& lane : messages_->lanes()) program.lanes.push_back(std::move(lane));
  routines_ = std::make_unique<Routines>(calls.all);
  routines_->add_to(program);
  programs_.push_back(std::move(program));
}

void StepWorkload::fill(std::size_t, const Buffers& buffers, std::uint64_t salt) const {
  messages_->fill(buffers, mix(salt + kOfPipeline));
  routines_->fill(buffers, salt);
}

std::uint64_t StepWorkload::count_wrong(std::size_t, const Buffers& buffers, std::uint64_t salt) const {
  return messages_->count_wrong(buffers, mix(salt + kOfPipeline)) +
         routines_->count_wrong(programs_.front(), buffers, salt);
}

Bytes StepWorkload::wire_bytes(std::size_t) const {
  return messages_->sent_bytes() + routines_->wire_bytes(programs_.front());
}

}  // namespace weft
