#include "patterns/collective_workload.hpp"

#include "collectives/payload.hpp"

namespace weft {

CollectiveWorkload::CollectiveWorkload(const Algorithm* algorithm, std::vector<Call> calls)
    : algorithm_(algorithm), calls_(std::move(calls)) {
  programs_.reserve(calls_.size());
  for (const Call& call : calls_)
    programs_.push_back(algorithm_ == nullptr ? build_native(call) : build_program(*algorithm_, call));
}

void CollectiveWorkload::fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  fill_payload(calls_[program], buffers, salt);
}

std::uint64_t CollectiveWorkload::count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const {
  return weft::count_wrong(calls_[program], buffers, salt);
}

Bytes CollectiveWorkload::wire_bytes(std::size_t program) const {
  return algorithm_ == nullptr ? least_wire_bytes(calls_[program]) : algorithm_->wire_bytes(calls_[program]);
}

}  // namespace weft
