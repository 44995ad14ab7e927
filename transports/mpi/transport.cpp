#include "transports/mpi/mpi_communicator.hpp"

namespace weft::transports::mpi {
namespace {

std::string refuses_mpi(const World& world, const TransportOptions& options) {
  if (world.name() != "mpi") return "its ranks must be processes that mpirun or srun started";
  return refuses_pages("mpi", options.memory);
}

std::unique_ptr<Communicator> create(World& world, const TransportOptions& options) {
  return std::make_unique<weft::mpi::MpiCommunicator>(world, options);
}

// "Open MPI v4.1.4", without the build's particulars. May be asked before MPI_Init.
std::string library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string all(text);
  return all.substr(0, all.find_first_of(",\n"));
}

}  // namespace

Transport entry() {
  return {.name = "mpi",
          .summary = "non-blocking messages and the collectives of the MPI library",
          .version = library_version,
          .needs_world = "mpi",
          .refuses = refuses_mpi,
          .create = create};
}

}  // namespace weft::transports::mpi
