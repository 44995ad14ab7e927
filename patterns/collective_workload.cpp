#include "patterns/collective_workload.hpp"

#include <algorithm>

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

// A root that sends, and ranks that have nothing to receive, do not wait for anybody. Who has another partner in each
// call waits for one of them only.
bool CollectiveWorkload::keeps_pace() const {
  return calls_.size() == 1 && std::none_of(calls_.begin(), calls_.end(), [](const Call& call) {
           return call.collective == Collective::broadcast || call.collective == Collective::all_to_allv;
         });
}

}  // namespace weft
