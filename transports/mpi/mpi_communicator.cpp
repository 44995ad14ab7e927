#include "transports/mpi/mpi_communicator.hpp"

#include <algorithm>
#include <functional>

#include <sched.h>

#include "worlds/mpi/check.hpp"

namespace weft::mpi {
namespace {

constexpr std::size_t kRequests = 4096;

}  // namespace

MpiCommunicator::MpiCommunicator(World& world, const TransportOptions& options)
    : Communicator(world.rank(), world.ranks()), yields_(options.oversubscribed), memory_(options.memory) {
  check(MPI_Comm_dup(MPI_COMM_WORLD, &comm_), "MPI_Comm_dup");
  check(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  reserve(kRequests);
}

MpiCommunicator::~MpiCommunicator() {
  if (active_ == 0) MPI_Comm_free(&comm_);  // else the point failed, and the peers may never come to free theirs
}

Memory MpiCommunicator::allocate(Bytes bytes) { return allocate_pages(bytes, memory_); }

void MpiCommunicator::reserve(std::size_t requests) {
  requests_.resize(requests, MPI_REQUEST_NULL);
  owners_.resize(requests);
  done_.resize(requests);
}

MPI_Request& MpiCommunicator::new_request(Pending& pending) {
  const auto slot = static_cast<std::size_t>(active_);
  if (slot == requests_.size()) reserve(2 * slot);
  owners_[slot] = &pending;
  ++pending.count;
  ++active_;
  return requests_[slot];
}

void MpiCommunicator::post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) {
  Bytes sent = 0;
  do {
    const Bytes piece = std::min(kPiece, bytes - sent);
    check(MPI_Isend(data + sent, static_cast<int>(piece), MPI_BYTE, peer, channel, comm_, &new_request(pending)),
          "MPI_Isend");
    sent += piece;
  } while (sent < bytes);
}

void MpiCommunicator::post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) {
  Bytes posted = 0;
  do {
    const Bytes piece = std::min(kPiece, bytes - posted);
    check(MPI_Irecv(into + posted, static_cast<int>(piece), MPI_BYTE, peer, channel, comm_, &new_request(pending)),
          "MPI_Irecv");
    posted += piece;
  } while (posted < bytes);
}

void MpiCommunicator::progress() {
  if (active_ == 0) return;
  int count = 0;
  check(MPI_Testsome(active_, requests_.data(), &count, done_.data(), MPI_STATUSES_IGNORE), "MPI_Testsome");
  if (count <= 0) return;
  // From the back, so that what fills a hole is itself outstanding.
  std::sort(done_.begin(), done_.begin() + count, std::greater<>());
  for (int i = 0; i < count; ++i) {
    const auto hole = static_cast<std::size_t>(done_[static_cast<std::size_t>(i)]);
    --owners_[hole]->count;
    const auto last = static_cast<std::size_t>(--active_);
    requests_[hole] = requests_[last];
    owners_[hole] = owners_[last];
  }
}

void MpiCommunicator::relax(Nanoseconds) {
  if (yields_) sched_yield();
}

}  // namespace weft::mpi
