#pragma once

#include <vector>

#include <mpi.h>

#include "transports/communicator.hpp"
#include "transports/mpi/types.hpp"
#include "transports/registry.hpp"

namespace weft::mpi {

/// Point-to-point by MPI_Isend and MPI_Irecv, collectives by MPI's own, on a communicator of its own. Messages above
/// kPiece travel in pieces, on both sides alike.
class MpiCommunicator final : public Communicator {
 public:
  static constexpr Bytes kPiece = Bytes{1} << 30;

  /// Collective over the ranks of MPI_COMM_WORLD.
  MpiCommunicator(World& world, const TransportOptions& options);
  ~MpiCommunicator() override;

  Memory allocate(Bytes bytes) override;
  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) override;
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) override;
  void progress() override;
  void relax(Nanoseconds until) override;

  std::string refuses_native(const Call& call) const override;
  void native(const Call& call, const std::byte* in, std::byte* out) override;

 private:
  MPI_Request& new_request(Pending& pending);
  void reserve(std::size_t requests);

  void native_reduction(const Call& call, const void* in, std::byte* out);
  void all_to_allv(const Call& call, const void* in, std::byte* out);

  bool yields_;
  MemoryKind memory_;
  MPI_Comm comm_ = MPI_COMM_NULL;
  Types types_;

  // The first active_ requests are outstanding; they grow only beyond the largest number there ever was.
  int active_ = 0;
  std::vector<MPI_Request> requests_;
  std::vector<Pending*> owners_;
  std::vector<int> done_;

  std::vector<int> send_counts_, send_places_, recv_counts_, recv_places_;
};

}  // namespace weft::mpi
