#include "collectives/payload.hpp"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "collectives/layout.hpp"

namespace weft {
namespace {

Call all_reduce_of(Datatype dtype, ReduceOp op, int ranks, std::uint64_t count) {
  Call call;
  call.collective = Collective::all_reduce;
  call.dtype = dtype;
  call.op = op;
  call.ranks = ranks;
  call.count = count;
  call.in_place = true;
  return call;
}

/// The input of every rank reduced one after another by the kernel, forwards or backwards.
std::vector<std::byte> reduced(Call call, std::uint64_t salt, bool backwards) {
  std::vector<std::byte> sum(call.block());
  std::vector<std::byte> next(call.block());
  const ReduceKernel kernel = reduce_kernel(call.dtype, call.op);
  for (int i = 0; i < call.ranks; ++i) {
    call.rank = backwards ? call.ranks - 1 - i : i;
    fill_payload(call, {.out = i == 0 ? sum.data() : next.data()}, salt);
    if (i > 0) kernel(sum.data(), sum.data(), next.data(), call.count);
  }
  return sum;
}

TEST(Payload, IsExactInEveryTypeForAnyOrderAndManyRanks) {
  for (const Datatype dtype : all_datatypes()) {
    if (!reducible(dtype)) continue;
    for (const ReduceOp op : all_reduce_ops())
      for (const int ranks : {1, 2, 7, 8, 100, 4096}) {
        const Call call = all_reduce_of(dtype, op, ranks, 37);
        for (const bool backwards : {false, true}) {
          std::vector<std::byte> sum = reduced(call, 5, backwards);
          EXPECT_EQ(count_wrong(call, {.out = sum.data()}, 5), 0U)
              << name_of(dtype) << " " << name_of(op) << " " << ranks << " ranks";
        }
      }
  }
}

TEST(Payload, IsExactAcrossSegments) {
  for (const std::uint64_t count : {4095U, 4096U, 4097U, 9000U, 50'001U}) {
    const Call call = all_reduce_of(Datatype::bf16, ReduceOp::sum, 9, count);
    std::vector<std::byte> sum = reduced(call, 8, false);
    EXPECT_EQ(count_wrong(call, {.out = sum.data()}, 8), 0U) << count;
  }
}

TEST(Payload, EveryWrongElementIsCounted) {
  const Call call = all_reduce_of(Datatype::f32, ReduceOp::sum, 4, 10'000);
  std::vector<std::byte> sum = reduced(call, 1, false);
  for (const std::size_t index : {0U, 1U, 5'000U, 9'999U}) sum[index * 4 + 1] ^= std::byte{1};
  EXPECT_EQ(count_wrong(call, {.out = sum.data()}, 1), 4U);
  EXPECT_GT(count_wrong(call, {.out = sum.data()}, 2), 9'000U) << "another salt is another payload";
}

TEST(Payload, APoisonedResultIsWrongEverywhere) {
  for (const Datatype dtype : all_datatypes()) {
    Call call = all_reduce_of(dtype, ReduceOp::max, 3, 1000);
    call.collective = reducible(dtype) ? Collective::all_reduce : Collective::send_recv;
    call.in_place = false;
    std::vector<std::byte> in(call.block());
    std::vector<std::byte> out(call.block());
    fill_payload(call, {in.data(), out.data(), nullptr}, 3);
    EXPECT_GE(count_wrong(call, {in.data(), out.data(), nullptr}, 3), 980U) << name_of(dtype);
  }
}

TEST(Payload, AllGatherTellsBlocksApart) {
  Call call;
  call.collective = Collective::all_gather;
  call.dtype = Datatype::u8;
  call.ranks = 3;
  call.count = 101;
  std::vector<std::byte> out(call.out_bytes());
  std::vector<std::byte> block(call.block());
  std::vector<std::byte> unused(call.out_bytes());
  for (call.rank = 0; call.rank < 3; ++call.rank) {
    fill_payload(call, {block.data(), unused.data(), nullptr}, 4);
    std::memcpy(out.data() + static_cast<std::size_t>(call.rank) * 101, block.data(), 101);
  }
  call.rank = 1;
  EXPECT_EQ(count_wrong(call, {.out = out.data()}, 4), 0U);
  std::swap_ranges(out.begin(), out.begin() + 101, out.begin() + 101);
  EXPECT_GT(count_wrong(call, {.out = out.data()}, 4), 190U);
}

TEST(Payload, InPlaceKeepsTheInputAndPoisonsTheRest) {
  Call call;
  call.collective = Collective::all_gather;
  call.dtype = Datatype::i32;
  call.ranks = 4;
  call.rank = 2;
  call.count = 25;
  call.in_place = true;
  std::vector<std::byte> out(call.out_bytes());
  fill_payload(call, {.out = out.data()}, 6);
  EXPECT_EQ(count_wrong(call, {.out = out.data()}, 6), 75U);
}

}  // namespace
}  // namespace weft
