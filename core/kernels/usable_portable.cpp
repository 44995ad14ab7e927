#include "core/kernels/table.hpp"

namespace weft::kernels {

std::span<const Table* const> usable_tables() {
  static constexpr std::array<const Table*, 1> kTables = {&kPortable};
  return kTables;
}

}  // namespace weft::kernels
