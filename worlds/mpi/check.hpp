#pragma once

namespace weft::mpi {

/// Throws TransportError with MPI's own words where `rc`, the result of the MPI call `what`, is a failure.
void check(int rc, const char* what);

}  // namespace weft::mpi
