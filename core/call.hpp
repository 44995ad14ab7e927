#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/datatype.hpp"

namespace weft {

enum class Collective : std::uint8_t {
  barrier,
  broadcast,
  all_reduce,
  reduce_scatter,
  all_gather,
  all_to_all,
  all_to_allv,
  send_recv,  ///< pairs of ranks exchange; see Call::pairing and both_ways
};

std::span<const Collective> all_collectives();
std::string_view name_of(Collective collective);

/// What a transport's own collective is called among the algorithms; it is in no registry.
inline constexpr const char* kNative = "native";

/// Bytes that every rank sends to every rank, for all_to_allv: row-major, [from * ranks + to], each a multiple of the
/// element size.
using TrafficMatrix = std::vector<Bytes>;

/// Whom each rank exchanges with in send_recv, and who with it; -1: nobody.
using Pairing = std::vector<int>;

/// The node of each rank: those that have the same number share one.
using Nodes = std::vector<int>;

/// One collective operation as one rank sees it: the arguments of the MPI call, and nothing about how it is done.
///
/// Layouts (n = ranks, s = size_of(dtype)), as in MPI, blocks contiguous and in rank order:
///   all_reduce      in: count elements            out: count elements
///   reduce_scatter  in: n x count elements        out: count elements
///   all_gather      in: count elements            out: n x count elements
///   all_to_all      in: n x count elements        out: n x count elements
///   all_to_allv     in: row `rank` of the matrix  out: column `rank` of the matrix
///   broadcast       in: count elements at root    out: count elements (at the root too)
///   send_recv       in: count elements            out: count elements
///   barrier         nothing
/// In place (MPI_IN_PLACE): there is no `in`; the input lies in `out`, at the place MPI gives it: all_gather at block
/// `rank`, reduce_scatter, all_reduce, all_to_all and all_to_allv at the start (for reduce_scatter `out` then has n x
/// count elements, of which the first `count` are the result; all_to_allv needs a symmetric matrix, as MPI does).
struct Call {
  Collective collective = Collective::barrier;
  int rank = 0;
  int ranks = 1;
  std::uint64_t count = 0;  ///< elements, per block as above
  Datatype dtype = Datatype::f32;
  ReduceOp op = ReduceOp::sum;
  int root = 0;  ///< broadcast only
  bool in_place = false;
  bool both_ways = false;  ///< send_recv: both directions at once, instead of there and back (ping-pong)
  std::shared_ptr<const TrafficMatrix> matrix =
      nullptr;                                       ///< all_to_allv only; the same object for all ranks of a process
  std::shared_ptr<const Pairing> pairing = nullptr;  ///< send_recv only; null: ranks 2i and 2i + 1
  std::shared_ptr<const Nodes> nodes = nullptr;      ///< for two-level algorithms; null: all ranks are on one

  Bytes element() const { return size_of(dtype); }
  Bytes block() const { return count * element(); }  ///< bytes of `count` elements
  int next() const { return (rank + 1) % ranks; }
  int prev() const { return (rank + ranks - 1) % ranks; }

  /// all_to_all and all_to_allv: bytes from one rank to another.
  Bytes bytes_between(int from, int to) const;
  Bytes sent_to(int peer) const { return bytes_between(rank, peer); }
  Bytes received_from(int peer) const { return bytes_between(peer, rank); }

  int partner() const;  ///< send_recv: the rank's, -1: it has none

  Bytes in_bytes() const;   ///< size of the `in` buffer of this rank, 0 in place
  Bytes out_bytes() const;  ///< size of the `out` buffer of this rank
};

/// Whether MPI has the collective in place.
bool has_in_place(Collective collective);

}  // namespace weft
