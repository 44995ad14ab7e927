#include "patterns/goal/channels.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace weft {

namespace {

constexpr std::uint32_t kWindows = 1 << 16;

/// One channel between two ranks, as far as its messages have been given to it.
struct OpenChannel {
  std::uint32_t tag = 0;   ///< of its first
  std::uint32_t last = 0;  ///< where the receiver has the last one's receive in its order
};

/// The channel for the sender's next message, whose receive the receiver has at `place` in its order.
std::size_t channel_for(std::vector<OpenChannel>& channels, std::uint32_t tag, std::uint32_t place) {
  const auto fits = [&](const OpenChannel& channel) { return channel.last < place; };
  auto found = std::find_if(channels.begin(), channels.end(),
                            [&](const OpenChannel& channel) { return channel.tag == tag && fits(channel); });
  if (found == channels.end() && channels.size() < kMostGoalChannels)
    found = channels.insert(channels.end(), {.tag = tag});
  if (found == channels.end()) found = std::find_if(channels.begin(), channels.end(), fits);
  if (found != channels.end()) found->last = place;
  return static_cast<std::size_t>(found - channels.begin());
}

std::vector<std::uint32_t> places_in_order(const GoalRank& rank) {
  std::vector<std::uint32_t> places(rank.operations.size());
  for (std::uint32_t i = 0; i < rank.order.size(); ++i) places[rank.order[i]] = i;
  return places;
}

}  // namespace

void assign_channels(GoalSchedule& schedule) {
  std::vector<std::vector<std::uint32_t>> places;
  for (const GoalRank& rank : schedule.ranks) places.push_back(places_in_order(rank));
  for (GoalRank& rank : schedule.ranks) {
    std::map<std::int32_t, std::vector<OpenChannel>> by_receiver;
    std::uint32_t sends = 0;
    for (const std::uint32_t number : rank.order) {
      GoalOperation& send = rank.operations[number];
      if (send.kind != GoalKind::send) continue;
      const auto peer = static_cast<std::size_t>(send.peer);
      std::vector<OpenChannel>& channels = by_receiver[send.peer];
      const std::size_t channel = channel_for(channels, send.tag, places[peer][send.partner]);
      if (channel == channels.size())
        schedule.refuse(send, fmt::format("messages to rank {} overtake each other by more than {} tags", send.peer,
                                          kMostGoalChannels));
      GoalOperation& receive = schedule.ranks[peer].operations[send.partner];
      send.channel = receive.channel = static_cast<std::uint8_t>(channel);
      send.window = receive.window = sends++ % kWindows;
    }
  }
}

}  // namespace weft
