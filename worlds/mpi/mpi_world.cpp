#include "worlds/mpi/mpi_world.hpp"

#include <algorithm>
#include <climits>
#include <numeric>
#include <tuple>

#include <fmt/format.h>
#include <unistd.h>

#include "worlds/backoff.hpp"
#include "worlds/supervisor.hpp"

namespace weft {
namespace {

constexpr int kNoticeTag = 1;
constexpr Nanoseconds kProbeEvery = 1'000'000;
// Beyond its deadline a rank waits this much longer, so that the supervisor of a stopped or stuck rank names that
// first.
constexpr Nanoseconds kCourtesy = Supervisor::kLate + 1'000'000'000;
constexpr Nanoseconds kHearOthers = 300'000'000;  // for notices of lower ranks that gave up at the same time
constexpr useconds_t kLetCulpritSpeak = 1'000'000;

void check_mpi(int rc, const char* what) {
  if (rc == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(rc, text, &length);
  throw TransportError(fmt::format("{}: {}", what, std::string_view(text, static_cast<std::size_t>(length))));
}

}  // namespace

struct MpiWorld::Exchange {
  std::uint64_t length = 0;
  std::vector<std::uint64_t> lengths;
  std::vector<int> counts;
  std::vector<int> displacements;
  std::string mine;
  std::string all;
};

MpiWorld::MpiWorld(Board& board) : board_(board), exchange_(std::make_unique<Exchange>()) {
  check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &comm_), "MPI_Comm_dup");
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &ranks_);
}

MpiWorld::~MpiWorld() {
  if (sound())
    MPI_Comm_free(&comm_);
  else
    std::ignore = exchange_.release();  // a failed exchange may still arrive; the process ends soon
}

std::vector<std::string> MpiWorld::allgather(std::string_view mine) {
  check();
  Exchange& x = *exchange_;
  const auto n = static_cast<std::size_t>(ranks_);
  x.length = mine.size();
  x.lengths.resize(n);
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Iallgather(&x.length, 1, MPI_UINT64_T, x.lengths.data(), 1, MPI_UINT64_T, comm_, &request),
            "MPI_Iallgather");
  wait(request);
  const std::uint64_t total = std::accumulate(x.lengths.begin(), x.lengths.end(), std::uint64_t{0});
  if (total > INT_MAX) throw TransportError(fmt::format("cannot exchange {} bytes between the ranks", total));
  x.counts.assign(x.lengths.begin(), x.lengths.end());
  x.displacements.resize(n);
  std::exclusive_scan(x.counts.begin(), x.counts.end(), x.displacements.begin(), 0);
  x.mine = mine;
  x.all.resize(total);
  check_mpi(MPI_Iallgatherv(x.mine.data(), static_cast<int>(x.length), MPI_BYTE, x.all.data(), x.counts.data(),
                            x.displacements.data(), MPI_BYTE, comm_, &request),
            "MPI_Iallgatherv");
  wait(request);
  std::vector<std::string> blobs;
  for (std::size_t peer = 0; peer < n; ++peer)
    blobs.push_back(x.all.substr(static_cast<std::size_t>(x.displacements[peer]), x.lengths[peer]));
  return blobs;
}

void MpiWorld::barrier() {
  check();
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Ibarrier(comm_, &request), "MPI_Ibarrier");
  wait(request);
}

void MpiWorld::wait(MPI_Request& request) {
  Backoff backoff;
  for (int done = 0;;) {
    check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done != 0) return;
    check();
    backoff.pause();
  }
}

void MpiWorld::abort(std::string_view reason) noexcept {
  give_up({fmt::format("rank {} gave up: {}", rank_, reason), ExitCode::failed, false});
}

void MpiWorld::give_up(const Failure& failure) noexcept {
  if (notice_) return;
  notice_ = Notice{rank_, static_cast<int>(failure.code), failure.reason};
  spread(*notice_);
}

// A notice is small, so MPI sends it at once; the requests are nobody's to wait for.
void MpiWorld::spread(const Notice& notice) {
  outgoing_.push_back(static_cast<char>(notice.code) + notice.reason.substr(0, 1000));
  const std::string& text = outgoing_.back();
  for (int peer = 0; peer < ranks_; ++peer) {
    MPI_Request request = MPI_REQUEST_NULL;
    if (peer == rank_) continue;
    if (MPI_Isend(text.data(), static_cast<int>(text.size()), MPI_CHAR, peer, kNoticeTag, comm_, &request) ==
        MPI_SUCCESS)
      MPI_Request_free(&request);
  }
}

void MpiWorld::collect_notices() {
  for (int arrived = 1; arrived != 0;) {
    MPI_Status status;
    check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, kNoticeTag, comm_, &arrived, &status), "MPI_Iprobe");
    if (arrived == 0) return;
    int length = 0;
    MPI_Get_count(&status, MPI_CHAR, &length);
    std::string text(static_cast<std::size_t>(length), '\0');
    check_mpi(MPI_Recv(text.data(), length, MPI_CHAR, status.MPI_SOURCE, kNoticeTag, comm_, MPI_STATUS_IGNORE),
              "MPI_Recv");
    if (!notice_ || status.MPI_SOURCE < notice_->rank) notice_ = Notice{status.MPI_SOURCE, text[0], text.substr(1)};
  }
}

void MpiWorld::check() {
  const Nanoseconds now = monotonic_now();
  if (now >= next_probe_) {
    next_probe_ = now + kProbeEvery;
    collect_notices();
  }
  if (notice_) throw RankLost(notice_->rank, notice_->reason);
  const RankState& state = board_.state(0);
  const Nanoseconds deadline = state.deadline.load(std::memory_order_relaxed);
  if (deadline != 0 && now > deadline + kCourtesy)
    throw TimedOut(fmt::format("rank {} timed out: {}", rank_, state.doing.load()));
}

void MpiWorld::set_deadline(Nanoseconds from_now, const char* doing) {
  RankState& state = board_.state(0);
  state.doing.store(doing, std::memory_order_relaxed);
  state.deadline.store(from_now == 0 ? 0 : monotonic_now() + from_now, std::memory_order_release);
}

int MpiWorld::run(const RankMain& main) {
  const int code = run_rank(*this, main, [this](const Failure& failure) {
    give_up(failure);
    return static_cast<int>(failure.code);
  });
  if (!notice_) return code;
  const Nanoseconds heard = monotonic_now() + (rank_ == 0 ? 0 : kHearOthers);
  while (notice_->rank == rank_ && monotonic_now() < heard) {
    collect_notices();
    usleep(1000);
  }
  if (notice_->rank == rank_)
    fmt::print(stderr, "weft: {}\n", notice_->reason);
  else
    usleep(kLetCulpritSpeak);
  return std::max(code, notice_->code);
}

}  // namespace weft
