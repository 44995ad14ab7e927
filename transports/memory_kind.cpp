#include "transports/memory_kind.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/system.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

constexpr std::array kMemoryKinds = {MemoryKind::automatic, MemoryKind::host, MemoryKind::huge, MemoryKind::registered,
                                     MemoryKind::device};
constexpr std::array<std::string_view, kMemoryKinds.size()> kMemoryNames = {"auto", "host", "huge", "registered",
                                                                            "device"};

}  // namespace

std::string_view name_of(MemoryKind kind) { return kMemoryNames[static_cast<std::size_t>(kind)]; }

MemoryKind parse_memory_kind(std::string_view name) {
  for (const MemoryKind kind : kMemoryKinds)
    if (name_of(kind) == name) return kind;
  throw UsageError(
      unknown_name("kind of memory", name, std::vector<std::string>(kMemoryNames.begin(), kMemoryNames.end())));
}

std::string refuses_memory(std::string_view transport, MemoryKind kind, std::initializer_list<MemoryKind> takes) {
  if (kind == MemoryKind::automatic || std::find(takes.begin(), takes.end(), kind) != takes.end()) return {};
  std::vector<std::string> names;
  for (const MemoryKind taken : takes) names.emplace_back(name_of(taken));
  return fmt::format("--memory {}: {} takes {}", name_of(kind), transport, join(names, ", "));
}

std::string refuses_pages(std::string_view transport, MemoryKind kind) {
  if (kind == MemoryKind::huge) {
    const std::string given = transparent_huge_pages();
    if (given != "always" && given != "madvise")
      return "--memory huge: this system gives no transparent huge pages (/sys/kernel/mm/transparent_hugepage/enabled)";
  }
  return refuses_memory(transport, kind, {MemoryKind::host, MemoryKind::huge});
}

}  // namespace weft
