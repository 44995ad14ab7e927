#include "worlds/mpi/mpi_world.hpp"

#include <algorithm>
#include <climits>
#include <cstring>
#include <span>
#include <tuple>

#include <fmt/format.h>
#include <unistd.h>

#include "worlds/backoff.hpp"
#include "worlds/mpi/check.hpp"
#include "worlds/supervisor.hpp"

namespace weft {
namespace {

constexpr int kNoticeTag = 1;
constexpr int kExchangeTag = 2;
constexpr Nanoseconds kProbeEvery = 1'000'000;
// Beyond its deadline a rank waits this much longer, so that the supervisor of a stopped or stuck rank names that
// first.
constexpr Nanoseconds kCourtesy = Supervisor::kLate + 1'000'000'000;
constexpr Nanoseconds kHearOthers = 300'000'000;  // for notices of lower ranks that gave up at the same time
constexpr Nanoseconds kLetCulpritSpeak = 1'000'000'000;

// Blobs in one message: the length of each, in eight bytes, before it.
void pack(std::span<const std::string> blobs, std::string& message) {
  message.clear();
  for (const std::string& blob : blobs) {
    const std::uint64_t length = blob.size();
    message.append(reinterpret_cast<const char*>(&length), sizeof(length));
    message.append(blob);
  }
}

void unpack(std::string_view message, std::vector<std::string>& blobs) {
  while (!message.empty()) {
    std::uint64_t length = 0;
    std::memcpy(&length, message.data(), sizeof(length));
    blobs.emplace_back(message.substr(sizeof(length), length));
    message.remove_prefix(sizeof(length) + length);
  }
}

}  // namespace

struct MpiWorld::Exchange {
  std::string sent;
  std::string received;
};

MpiWorld::MpiWorld(Board& board) : board_(board), exchange_(std::make_unique<Exchange>()) {
  mpi::check(MPI_Comm_dup(MPI_COMM_WORLD, &comm_), "MPI_Comm_dup");
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

// Bruck's algorithm (Bruck et al., 1997) out of point-to-point messages. A non-blocking collective would do as well,
// but once one has run, Open MPI spends more of every later call, also of those that are measured, on looking for
// others.
std::vector<std::string> MpiWorld::allgather(std::string_view mine) {
  check();
  std::vector<std::string> blobs = {std::string(mine)};  // of this rank and of those that follow it, around the ring
  for (int distance = 1; distance < ranks_; distance *= 2) {
    const int passed_on = std::min(distance, ranks_ - distance);
    pack({blobs.data(), static_cast<std::size_t>(passed_on)}, exchange_->sent);
    exchange((rank_ + ranks_ - distance) % ranks_, (rank_ + distance) % ranks_);
    unpack(exchange_->received, blobs);
  }
  std::rotate(blobs.begin(), blobs.end() - rank_, blobs.end());
  return blobs;
}

void MpiWorld::exchange(int to, int from) {
  auto& [sent, received] = *exchange_;
  if (sent.size() > INT_MAX)
    throw TransportError(fmt::format("cannot exchange {} bytes between the ranks", sent.size()));
  MPI_Request sending = MPI_REQUEST_NULL;
  mpi::check(MPI_Isend(sent.data(), static_cast<int>(sent.size()), MPI_BYTE, to, kExchangeTag, comm_, &sending),
             "MPI_Isend");
  MPI_Status status;
  wait([&](int* arrived) { return MPI_Iprobe(from, kExchangeTag, comm_, arrived, &status); });
  int length = 0;
  MPI_Get_count(&status, MPI_BYTE, &length);
  received.resize(static_cast<std::size_t>(length));
  MPI_Request receiving = MPI_REQUEST_NULL;
  mpi::check(MPI_Irecv(received.data(), length, MPI_BYTE, from, kExchangeTag, comm_, &receiving), "MPI_Irecv");
  wait([&](int* done) { return MPI_Test(&receiving, done, MPI_STATUS_IGNORE); });
  wait([&](int* done) { return MPI_Test(&sending, done, MPI_STATUS_IGNORE); });
}

template <typename Test>
void MpiWorld::wait(Test test) {
  Backoff backoff;
  for (int done = 0;;) {
    mpi::check(test(&done), "a message between the ranks");
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
  notice_text_ = static_cast<char>(notice.code) + notice.reason.substr(0, 1000);
  for (int peer = 0; peer < ranks_; ++peer) {
    MPI_Request request = MPI_REQUEST_NULL;
    if (peer == rank_) continue;
    if (MPI_Isend(notice_text_.data(), static_cast<int>(notice_text_.size()), MPI_CHAR, peer, kNoticeTag, comm_,
                  &request) == MPI_SUCCESS)
      MPI_Request_free(&request);
  }
}

void MpiWorld::collect_notices() {
  for (int arrived = 1; arrived != 0;) {
    MPI_Status status;
    mpi::check(MPI_Iprobe(MPI_ANY_SOURCE, kNoticeTag, comm_, &arrived, &status), "MPI_Iprobe");
    if (arrived == 0) return;
    int length = 0;
    MPI_Get_count(&status, MPI_CHAR, &length);
    std::string text(static_cast<std::size_t>(length), '\0');
    mpi::check(MPI_Recv(text.data(), length, MPI_CHAR, status.MPI_SOURCE, kNoticeTag, comm_, MPI_STATUS_IGNORE),
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
  set_deadline(kHearOthers + kLetCulpritSpeak, "ending");  // the supervisor is to be patient meanwhile
  const Nanoseconds heard = monotonic_now() + (rank_ == 0 ? 0 : kHearOthers);
  while (notice_->rank == rank_ && monotonic_now() < heard) {
    collect_notices();
    usleep(1000);
  }
  if (notice_->rank == rank_)
    fmt::print(stderr, "weft: {}\n", notice_->reason);
  else
    usleep(static_cast<useconds_t>(kLetCulpritSpeak / 1000));
  return std::max(code, notice_->code);
}

}  // namespace weft
