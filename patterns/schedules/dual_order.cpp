#include "patterns/schedules/dual_order.hpp"

#include <algorithm>

namespace weft {

namespace {

/// Writes works down by phase; weight gradients that were put off are computed in the order of their input gradients.
class DualOrder {
 public:
  void forward(int phase) { works_.push_back({Pass::forward, forwards_[phase]++, phase}); }

  void backward(int phase) { works_.push_back({Pass::backward, backwards_[phase]++, phase}); }

  void input_gradient(int phase) {
    put_off_.push_back({Pass::weight_gradient, backwards_[phase], phase});
    works_.push_back({Pass::input_gradient, backwards_[phase]++, phase});
  }

  void weight_gradient() { works_.push_back(put_off_[next_put_off_++]); }

  void overlapped(int forward_phase, int backward_phase) {
    forward(forward_phase);
    works_.back().overlapped = true;
    backward(backward_phase);
  }

  std::vector<Work> take() { return std::move(works_); }

 private:
  std::vector<Work> works_;
  std::vector<Work> put_off_;
  std::size_t next_put_off_ = 0;
  int forwards_[2] = {};
  int backwards_[2] = {};
};

}  // namespace

std::vector<Work> dual_order(int half, int rank, int micro_batches) {
  const int from_middle = half - 1 - rank;
  DualOrder order;
  for (int i = 0; i < 2 * from_middle; ++i) order.forward(0);
  for (int i = 0; i <= rank; ++i) {
    order.forward(0);
    order.forward(1);
  }
  for (int i = 0; i < from_middle; ++i) {
    order.input_gradient(1);
    order.weight_gradient();
    order.forward(1);
  }
  for (int i = 0; i < micro_batches - 2 * half + rank + 1; ++i) {
    if (i == 0 && from_middle == 0) {  // apart: the devices in the middle begin the drain, and are waited for
      order.forward(0);
      order.backward(1);
    } else {
      order.overlapped(0, 1);
    }
    order.overlapped(1, 0);
  }
  for (int i = 0; i < from_middle; ++i) {
    order.backward(1);
    order.overlapped(1, 0);
  }
  // Of these 2(rank+1) the second half are split, so that the weight gradients fill the bubble that follows.
  for (int i = 0; i < 2 * (rank + 1); ++i) {
    const int phase = 1 - i % 2;
    if (i <= rank)
      order.backward(phase);
    else
      order.input_gradient(phase);
  }
  for (int i = 0; i < from_middle; ++i) {
    order.weight_gradient();
    order.input_gradient(0);
  }
  for (int i = 0; i <= rank; ++i) order.weight_gradient();
  return order.take();
}

double dual_bubble_ns(const PipelineShape& shape, int half, int stages) {
  const auto time = static_cast<double>(shape.forward_ns + 2 * shape.backward_ns - 3 * shape.weight_ns);
  return (half - 1) * time / stages;
}

}  // namespace weft
