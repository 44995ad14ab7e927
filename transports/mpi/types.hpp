#pragma once

#include <array>

#include <mpi.h>

#include "core/datatype.hpp"

namespace weft::mpi {

/// MPI's names of weft's element types and operations, looked up once. Owns those that MPI has not of its own.
class Types {
 public:
  static constexpr Bytes kPage = 4096;

  /// Between MPI_Init and MPI_Finalize. Throws TransportError.
  Types();
  ~Types();
  Types(const Types&) = delete;
  Types& operator=(const Types&) = delete;

  MPI_Datatype of(Datatype type) const { return types_[static_cast<std::size_t>(type)]; }
  MPI_Op of(Datatype type, ReduceOp op) const {
    return ops_[static_cast<std::size_t>(type)][static_cast<std::size_t>(op)];
  }
  /// kPage bytes, to count blocks of more elements than an int holds.
  MPI_Datatype page() const { return page_; }

 private:
  using Ops = std::array<MPI_Op, 4>;

  MPI_Datatype half_ = MPI_DATATYPE_NULL;  // f16 and bf16
  MPI_Datatype page_ = MPI_DATATYPE_NULL;
  std::array<MPI_Datatype, 7> types_{};  // [Datatype]
  std::array<Ops, 7> ops_{};             // [Datatype][ReduceOp]
};

}  // namespace weft::mpi
