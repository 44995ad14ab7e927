#pragma once

#include <barrier>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "worlds/world.hpp"

namespace weft {

/// The least that a transport needs of a world, for tests below the worlds: ranks that are threads.
class ThreadRank final : public World {
 public:
  struct Meeting {
    explicit Meeting(int count) : ranks(count), blobs(static_cast<std::size_t>(count)), all(count) {}
    int ranks;
    std::vector<std::string> blobs;
    std::barrier<> all;
  };
  ThreadRank(int rank, Meeting& meeting) : rank_(rank), meeting_(meeting) {}

  std::string_view name() const override { return "threads"; }
  int rank() const override { return rank_; }
  int ranks() const override { return meeting_.ranks; }
  std::vector<std::string> allgather(std::string_view mine) override {
    meeting_.blobs[static_cast<std::size_t>(rank_)] = mine;
    meeting_.all.arrive_and_wait();
    std::vector<std::string> all = meeting_.blobs;
    meeting_.all.arrive_and_wait();
    return all;
  }
  void abort(std::string_view) noexcept override {}
  void check() override {}
  void set_deadline(Nanoseconds, const char*) override {}

 private:
  int rank_;
  Meeting& meeting_;
};

/// Runs `body` on every rank of a world of threads.
inline void on_thread_ranks(int ranks, const std::function<void(World&)>& body) {
  ThreadRank::Meeting meeting(ranks);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < ranks; ++rank)
    threads.emplace_back([&, rank] {
      ThreadRank world(rank, meeting);
      body(world);
    });
}

}  // namespace weft
