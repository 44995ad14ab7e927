#include "measure/merge_accounts.hpp"

#include <cstring>
#include <string>

#include "core/text.hpp"

namespace weft {

namespace {

constexpr char kBetweenLanes = '\n';

std::string lane_names(const RankAccount& account) {
  std::vector<std::string> names;
  for (const LaneAccount& lane : account.lanes) names.push_back(lane.name);
  return join(names, std::string(1, kBetweenLanes));
}

/// start, end; and of each lane four sums, the number of calls and their times.
std::string pack_account(const GlobalClock& clock, const RankAccount& account) {
  std::vector<Nanoseconds> numbers = {clock.to_global(account.start), clock.to_global(account.end)};
  for (const LaneAccount& lane : account.lanes) {
    numbers.insert(numbers.end(),
                   {static_cast<Nanoseconds>(lane.sent_bytes), lane.computed, lane.busy, lane.kept_waiting});
    numbers.push_back(static_cast<Nanoseconds>(lane.calls.size()));
    for (const Nanoseconds call : lane.calls) numbers.push_back(clock.to_global(call));
  }
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Nanoseconds)};
}

RankAccount unpack_account(const std::string& names, const std::string& blob) {
  std::vector<Nanoseconds> numbers(blob.size() / sizeof(Nanoseconds));
  std::memcpy(numbers.data(), blob.data(), blob.size());
  auto next = numbers.begin();
  RankAccount account;
  account.start = *next++;
  account.end = *next++;
  for (const std::string& name : split(names, kBetweenLanes)) {
    LaneAccount& lane = account.lanes.emplace_back();
    lane.name = name;
    lane.sent_bytes = static_cast<Bytes>(*next++);
    lane.computed = *next++;
    lane.busy = *next++;
    lane.kept_waiting = *next++;
    const Nanoseconds calls = *next++;
    lane.calls.assign(next, next + calls);
    next += calls;
  }
  return account;
}

}  // namespace

std::vector<RankAccount> merge_accounts(World& world, const GlobalClock& clock, const RankAccount& mine) {
  const std::vector<std::string> names = world.gather(lane_names(mine));
  const std::vector<std::string> blobs = world.gather(pack_account(clock, mine));
  std::vector<RankAccount> accounts;
  if (world.rank() != 0) return accounts;
  for (std::size_t rank = 0; rank < blobs.size(); ++rank) accounts.push_back(unpack_account(names[rank], blobs[rank]));
  return accounts;
}

}  // namespace weft
