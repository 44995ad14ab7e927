#include "worlds/mpi/check.hpp"

#include <string_view>

#include <fmt/format.h>
#include <mpi.h>

#include "core/error.hpp"

namespace weft::mpi {

void check(int rc, const char* what) {
  if (rc == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(rc, text, &length);
  throw TransportError(fmt::format("{}: {}", what, std::string_view(text, static_cast<std::size_t>(length))));
}

}  // namespace weft::mpi
