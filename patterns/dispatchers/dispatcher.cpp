#include "patterns/dispatchers/dispatcher.hpp"

#include <fmt/format.h>

namespace weft {

Program empty_program(const Exchange& exchange, int rank, Datatype dtype) {
  Program program;
  program.rank = rank;
  program.ranks = exchange.ranks();
  program.dtype = dtype;
  return program;
}

std::string refuse_broken_nodes(const Exchange& exchange) {
  if (exchange.ranks() % exchange.ranks_per_node == 0) return {};
  return fmt::format("{} ranks are no whole number of nodes with {} ranks each", exchange.ranks(),
                     exchange.ranks_per_node);
}

std::vector<int> send_order(int own, int count) {
  std::vector<int> order;
  for (int step = 1; step < count; ++step) order.push_back((own + step) % count);
  return order;
}

Region token_at(const Exchange& exchange, Space space, std::uint64_t token) {
  return {space, token * exchange.token_bytes, exchange.token_bytes};
}

}  // namespace weft
