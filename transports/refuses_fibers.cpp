#include "transports/refuses_fibers.hpp"

#include <fmt/format.h>

namespace weft {

std::string refuses_fibers(std::string_view transport, const World& world) {
  if (world.name() != "fibers") return {};
  return fmt::format("{} needs ranks that run at the same time; 'fibers' has one thread for all", transport);
}

}  // namespace weft
