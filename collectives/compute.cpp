#include "collectives/compute.hpp"

#include <algorithm>

namespace weft {

namespace {

constexpr Bytes kCachesStreamed = 4;
constexpr int kCalibrations = 5;
constexpr Nanoseconds kCalibration = 2'000'000;

}  // namespace

const char* name_of(ComputeKind kind) {
  switch (kind) {
    case ComputeKind::virtual_:
      return "virtual";
    case ComputeKind::spin:
      return "spin";
    case ComputeKind::memory:
      return "memory";
  }
  return "";
}

const char* name_of(ProgressMode progress) { return progress == ProgressMode::thread ? "thread" : "inline"; }

ComputeUnit::ComputeUnit(const ComputeOptions& options) : kind_(options.kind) {
  if (kind_ != ComputeKind::memory) return;
  size_ = kCachesStreamed * options.cache / sizeof(double);
  memory_ = std::make_unique<double[]>(size_);
  std::fill(memory_.get(), memory_.get() + size_, 1.0);
  // The fastest of a few: what is slower was disturbed.
  for (int i = 0; i < kCalibrations; ++i) {
    const Nanoseconds start = monotonic_now();
    Bytes done = 0;
    while (monotonic_now() - start < kCalibration) {
      stream(1 << 16);
      done += 1 << 16;
    }
    bytes_per_ns_ = std::max(bytes_per_ns_, static_cast<double>(done) / static_cast<double>(monotonic_now() - start));
  }
}

void ComputeUnit::begin(Nanoseconds planned) {
  until_ = monotonic_now() + planned;
  left_ = static_cast<Bytes>(static_cast<double>(planned) * bytes_per_ns_);
}

bool ComputeUnit::work() {
  if (kind_ == ComputeKind::memory) {
    const Bytes slice = std::min(left_, static_cast<Bytes>(static_cast<double>(kComputeSlice) * bytes_per_ns_) + 1);
    stream(slice);
    left_ -= slice;
    return left_ == 0;
  }
  const Nanoseconds end = std::min(until_, monotonic_now() + kComputeSlice);
  while (monotonic_now() < end) {
  }
  return end == until_;
}

/// Reads and writes, as an optimizer's update does; the values stay 1.
void ComputeUnit::stream(Bytes bytes) {
  for (std::size_t left = bytes / sizeof(double); left > 0;) {
    const std::size_t run = std::min(left, size_ - at_);
    double* const part = memory_.get() + at_;
    for (std::size_t i = 0; i < run; ++i) part[i] = part[i] * 0.5 + 0.5;
    at_ = (at_ + run) % size_;
    left -= run;
  }
}

}  // namespace weft
