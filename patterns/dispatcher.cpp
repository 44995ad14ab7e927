#include "patterns/dispatcher.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

std::span<const TokenDispatcher> dispatchers() {
  static const std::vector<TokenDispatcher> all = {flat(), hierarchical(), low_latency()};
  return all;
}

const TokenDispatcher& find_dispatcher(const std::string& name) {
  std::vector<std::string> names;
  for (const TokenDispatcher& dispatcher : dispatchers()) {
    if (dispatcher.name == name) return dispatcher;
    names.push_back(dispatcher.name);
  }
  throw UsageError(unknown_name("dispatcher", name, names));
}

Program empty_program(const Exchange& exchange, int rank, Datatype dtype) {
  Program program;
  program.rank = rank;
  program.ranks = exchange.ranks();
  program.dtype = dtype;
  return program;
}

Region token_at(const Exchange& exchange, Space space, std::uint64_t token) {
  return {space, token * exchange.token_bytes, exchange.token_bytes};
}

}  // namespace weft
