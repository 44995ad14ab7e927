#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/transports/thread_ranks.hpp"
#include "transports/registry.hpp"

namespace weft {
namespace {

using Elements = std::vector<std::int32_t>;

std::int32_t element(int rank, std::uint64_t index, int salt) {
  return static_cast<std::int32_t>((index * 7 + static_cast<std::uint64_t>(rank * 1000 + salt)) % 10007);
}

std::shared_ptr<const TrafficMatrix> uneven_matrix(int ranks, std::uint64_t count, bool symmetric) {
  TrafficMatrix matrix;
  for (int from = 0; from < ranks; ++from)
    for (int to = 0; to < ranks; ++to) {
      const int skew = symmetric ? from + to : 2 * from + to;
      matrix.push_back(4 * (count * static_cast<std::uint64_t>(skew % 4) / 2));
    }
  return std::make_shared<const TrafficMatrix>(std::move(matrix));
}

/// Index of the first element of block `to` in rank `from`'s input, and the block's length.
std::pair<std::uint64_t, std::uint64_t> block(const Call& call, int from, int to) {
  if (call.collective != Collective::all_to_allv) return {static_cast<std::uint64_t>(to) * call.count, call.count};
  const auto row = call.matrix->begin() + std::ptrdiff_t{from} * call.ranks;
  Bytes before = 0;
  for (int i = 0; i < to; ++i) before += row[i];
  return {before / 4, row[to] / 4};
}

/// What the collective's definition gives to a rank.
Elements expected(const Call& call, int salt) {
  Elements out;
  const auto add_sum = [&](std::uint64_t first) {
    for (std::uint64_t i = first; i < first + call.count; ++i) {
      std::int32_t sum = 0;
      for (int rank = 0; rank < call.ranks; ++rank) sum += element(rank, i, salt);
      out.push_back(sum);
    }
  };
  const auto add_from = [&](int rank, std::pair<std::uint64_t, std::uint64_t> span) {
    for (std::uint64_t i = 0; i < span.second; ++i) out.push_back(element(rank, span.first + i, salt));
  };
  if (call.collective == Collective::all_reduce) add_sum(0);
  if (call.collective == Collective::reduce_scatter) add_sum(static_cast<std::uint64_t>(call.rank) * call.count);
  if (call.collective == Collective::broadcast) add_from(call.root, {0, call.count});
  for (int rank = 0; rank < call.ranks; ++rank) {
    if (call.collective == Collective::all_gather) add_from(rank, {0, call.count});
    if (call.collective == Collective::all_to_all || call.collective == Collective::all_to_allv)
      add_from(rank, block(call, rank, call.rank));
  }
  return out;
}

void run_twice_and_check(Communicator& shm, const Call& call) {
  const Memory in = shm.allocate(call.in_bytes());
  const Memory out = shm.allocate(call.out_bytes());
  for (int salt = 0; salt < 3; ++salt) {
    auto* source = reinterpret_cast<std::int32_t*>(call.in_place ? out.get() : in.get());
    Bytes length = call.in_place ? call.out_bytes() : call.in_bytes();
    if (call.in_place && call.collective == Collective::all_gather) {
      source += static_cast<std::uint64_t>(call.rank) * call.count;
      length = call.block();
    }
    for (std::uint64_t i = 0; i < length / 4; ++i) source[i] = element(call.rank, i, salt);
    shm.native(call, call.in_place ? out.get() : in.get(), out.get());
    const Elements right = expected(call, salt);
    Elements got(right.size());
    if (!got.empty()) std::memcpy(got.data(), out.get(), got.size() * 4);
    ASSERT_EQ(got, right) << name_of(call.collective) << " rank " << call.rank << " of " << call.ranks << " count "
                          << call.count << (call.in_place ? " in place" : "");
  }
}

class ShmNative : public testing::TestWithParam<int> {};

TEST_P(ShmNative, CollectivesMeetTheirDefinitions) {
  on_thread_ranks(GetParam(), [](World& world) {
    TransportOptions options;
    options.oversubscribed = true;
    const auto shm = transports::registry().find("shm").create(world, options);
    for (const Collective collective : all_collectives())
      for (const std::uint64_t count : {0U, 1U, 13U, 14U, 600U, 1025U, 9001U})
        for (const bool in_place : {false, true}) {
          if (in_place && !has_in_place(collective)) continue;
          Call call = {.collective = collective, .rank = shm->rank(), .ranks = shm->ranks(), .count = count};
          call.dtype = Datatype::i32;
          call.in_place = in_place;
          call.root = shm->ranks() / 2;
          if (collective == Collective::all_to_allv) call.matrix = uneven_matrix(shm->ranks(), count, in_place);
          if (shm->refuses_native(call).empty()) run_twice_and_check(*shm, call);
        }
    world.barrier();
  });
}

TEST(ShmNativeLarge, ResultsPastTheCache) {
  on_thread_ranks(3, [](World& world) {
    TransportOptions options;
    options.oversubscribed = true;
    const auto shm = transports::registry().find("shm").create(world, options);
    for (const Collective collective : {Collective::all_reduce, Collective::all_to_all, Collective::broadcast}) {
      Call call = {.collective = collective, .rank = shm->rank(), .ranks = shm->ranks(), .count = 530'003};
      call.dtype = Datatype::i32;
      run_twice_and_check(*shm, call);
    }
    world.barrier();
  });
}

INSTANTIATE_TEST_SUITE_P(Ranks, ShmNative, testing::Values(1, 2, 3, 5));

}  // namespace
}  // namespace weft
