#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/error.hpp"
#include "patterns/sweep.hpp"

namespace weft::patterns::pairs {

namespace {

/// A round-robin tournament (circle method, Kirkman 1850): every two ranks meet once, in n - 1 rounds, or n where their
/// number n is odd and one rests in each. In round r ranks a and b meet where a + b = r modulo the number of rounds;
/// who would meet itself meets the last rank, or rests.
std::vector<Pairing> tournament(int ranks) {
  const int rounds = ranks % 2 == 0 ? ranks - 1 : ranks;
  std::vector<Pairing> all;
  for (int round = 0; round < rounds; ++round) {
    Pairing pairing(static_cast<std::size_t>(ranks), -1);
    for (int rank = 0; rank < rounds; ++rank) {
      const int other = ((round - rank) % rounds + rounds) % rounds;
      if (other != rank) pairing[static_cast<std::size_t>(rank)] = other;
      if (other != rank || rounds == ranks) continue;
      pairing[static_cast<std::size_t>(rank)] = ranks - 1;
      pairing[static_cast<std::size_t>(ranks - 1)] = rank;
    }
    all.push_back(std::move(pairing));
  }
  return all;
}

Operation there_and_back() {
  return {.name = "pingpong",
          .collective = Collective::send_recv,
          .busbw_factor = busbw_once,
          .time_divisor = 2,
          .pairings = tournament,
          .by_pair = true};
}

Operation both_ways() {
  return {.name = "exchange",
          .collective = Collective::send_recv,
          .busbw_factor = busbw_once,
          .both_ways = true,
          .pairings = tournament,
          .by_pair = true};
}

/// Each rank holds a program for each of the others.
constexpr int kMostRanks = 1024;

/// One size each: what small messages take, and what large ones get.
std::vector<Point> plan_pairs(const Request& request, int ranks) {
  if (request.min_bytes == 0) throw UsageError("--min-bytes 0: pairs needs messages of at least 1 byte");
  Request small = request;
  for (const Datatype dtype : request.dtypes) small.min_bytes = std::max(small.min_bytes, size_of(dtype));
  small.max_bytes = small.min_bytes;
  Request large = request;
  large.min_bytes = request.max_bytes;
  std::vector<Point> points = plan_sweep("pairs", {there_and_back()}, small, ranks);
  std::vector<Point> more = plan_sweep("pairs", {both_ways()}, large, ranks);
  std::move(more.begin(), more.end(), std::back_inserter(points));
  return points;
}

std::vector<Point> plan(const Request& request, int ranks) {
  if (ranks <= kMostRanks) return plan_pairs(request, ranks);
  std::vector<Point> points = plan_pairs(request, 2);
  for (Point& point : points)
    point.refused = fmt::format("pairs serves up to {} ranks, and these are {}", kMostRanks, ranks);
  return points;
}

}  // namespace

Pattern entry() {
  return {.name = "pairs",
          .summary = "every rank with every other, n/2 pairs at a time: there and back (-b), both ways at once (-e)",
          .plan = plan,
          .collectives = {Collective::send_recv}};
}

}  // namespace weft::patterns::pairs
