#pragma once

#include <algorithm>

#include "collectives/program.hpp"

namespace weft::collectives {

/// Each of `size` members of a group, of which this is number `own`, exchanges with each other one: a bounded number of
/// receives and sends at a time, beginning with the neighbours so that no port is everybody's first. `receive_from` and
/// `send_to` write the step with a member, `meanwhile` what is to be done on this rank beside the first of them.
template <typename Receive, typename Send, typename Meanwhile>
void exchange_in_windows(Lane& lane, int size, int own, Receive receive_from, Send send_to, Meanwhile meanwhile) {
  constexpr int kWindow = 8;  // enough to overlap latencies, few enough for unexpected-message queues
  for (int first = 1; first < size; first += kWindow) {
    const int end = std::min(first + kWindow, size);
    for (int i = first; i < end; ++i) receive_from((own + size - i) % size);
    for (int i = first; i < end; ++i) send_to((own + i) % size);
    if (first == 1) meanwhile();
    lane.wait();
  }
  if (size == 1) meanwhile();
}

}  // namespace weft::collectives
