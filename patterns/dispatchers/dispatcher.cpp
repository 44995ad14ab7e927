#include "patterns/dispatchers/dispatcher.hpp"

namespace weft {

Program empty_program(const Exchange& exchange, int rank, Datatype dtype) {
  Program program;
  program.rank = rank;
  program.ranks = exchange.ranks();
  program.dtype = dtype;
  return program;
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
