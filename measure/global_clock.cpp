#include "measure/global_clock.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "core/system.hpp"

namespace weft {

namespace {

constexpr int kFirstAnchors = 11;
constexpr Nanoseconds kBetweenAnchors = 100'000'000;

/// What a rank tells the others after an anchor.
struct AnchorNews {
  ClockAnchor anchor;
  double bound_ns;
  double closure_ns;
  double drift_ppm;
};

}  // namespace

GlobalClock::GlobalClock(Communicator& communicator, World& world, const Timer& timer, std::vector<int> nodes)
    : communicator_(communicator),
      world_(world),
      timer_(timer),
      nodes_(std::move(nodes)),
      pings_(communicator, world, timer) {
  choose_leaders(hosts_share_clocks());
  bounds_.shared = leaders_.size() == 1;
  for (int number = 0; number < kFirstAnchors && !bounds_.shared; ++number) {
    if (number > 0) pings_.wait_until(timer_.now() + kBetweenAnchors);
    anchor();
  }
}

/// Whether the ranks of each host read one clock: the monotonic clock of one kernel (a host's name may be borne by
/// two), and no time name space of a container between. Every rank pings its host's first.
bool GlobalClock::hosts_share_clocks() {
  if (communicator_.virtual_time()) return !communicator_.clocks_differ();
  const int rank = communicator_.rank();
  const auto node_of = [&](int of) { return nodes_[static_cast<std::size_t>(of)]; };
  const auto first_of = [&](int of) {
    return static_cast<int>(std::find(nodes_.begin(), nodes_.end(), node_of(of)) - nodes_.begin());
  };
  bool shared = timer_.kind() == TimerKind::monotonic;
  const std::vector<std::string> kernels = world_.allgather(boot_id());
  for (int other = 0; other < communicator_.ranks(); ++other)
    shared &= kernels[static_cast<std::size_t>(other)] == kernels[static_cast<std::size_t>(first_of(other))];
  const bool worth_asking = shared;  // the same on every rank
  if (worth_asking && first_of(rank) != rank) shared = pings_.same_clock(first_of(rank));
  for (int other = rank + 1; other < communicator_.ranks(); ++other)
    if (worth_asking && first_of(other) == rank) pings_.lead(other, ClockMap());
  const std::vector<std::string> verdicts = world_.allgather(shared ? "same" : "other");
  return std::all_of(verdicts.begin(), verdicts.end(), [](const std::string& verdict) { return verdict == "same"; });
}

void GlobalClock::choose_leaders(bool share) {
  for (int rank = 0; rank < communicator_.ranks(); ++rank) {
    const auto first = std::find(nodes_.begin(), nodes_.end(), nodes_[static_cast<std::size_t>(rank)]);
    const int leader = share ? static_cast<int>(first - nodes_.begin()) : rank;
    if (leader == rank) leaders_.push_back(rank);
    if (rank == communicator_.rank()) leader_ = leader;
  }
}

void GlobalClock::anchor() {
  if (bounds_.shared) return;
  const int rank = communicator_.rank();
  if (leader_ == rank) {
    const auto place = static_cast<std::size_t>(std::find(leaders_.begin(), leaders_.end(), rank) - leaders_.begin());
    for (std::size_t have = 1; have < leaders_.size(); have *= 2) {
      if (place < have && place + have < leaders_.size()) pings_.lead(leaders_[place + have], map_);
      if (have <= place && place < 2 * have) map_.add(pings_.follow(leaders_[place - have], map_));
    }
  }
  AnchorNews news{};
  if (map_.anchored()) news = {map_.last(), map_.bound(), map_.closure(), map_.drift() * 1e6};
  const std::vector<std::string> all = world_.allgather({reinterpret_cast<const char*>(&news), sizeof(news)});
  bounds_ = {.shared = false, .bound_ns = 0, .closure_ns = 0, .drift_ppm = 0};
  for (std::size_t of = 0; of < all.size(); ++of) {
    std::memcpy(&news, all[of].data(), sizeof(news));
    bounds_.bound_ns = std::max(bounds_.bound_ns, news.bound_ns);
    bounds_.closure_ns = std::max(bounds_.closure_ns, news.closure_ns);
    bounds_.drift_ppm = std::max(bounds_.drift_ppm, std::abs(news.drift_ppm));
    if (leader_ != rank && leader_ != 0 && static_cast<int>(of) == leader_) map_.add(news.anchor);
  }
}

}  // namespace weft
