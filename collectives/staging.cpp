#include "collectives/staging.hpp"

namespace weft {

Staging::Staging(Communicator& communicator, Bytes in_bytes, Bytes out_bytes)
    : communicator_(communicator),
      staged_(!communicator.host_memory()),
      in_(staged_ ? in_bytes : 0),
      out_(staged_ ? out_bytes : 0) {}

void Staging::move(const Buffers& buffers, bool to_communicator) {
  const auto between = [&](std::byte* theirs, std::vector<std::byte>& ours) {
    if (ours.empty()) return;
    if (to_communicator)
      communicator_.copy(theirs, ours.data(), ours.size());
    else
      communicator_.copy(ours.data(), theirs, ours.size());
  };
  between(buffers.in, in_);
  between(buffers.out, out_);
}

}  // namespace weft
