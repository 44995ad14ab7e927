#include "measure/arena.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

constexpr Bytes kLine = 64;
constexpr Bytes kSmallestStride = 4096 + kLine;  // a page and a line, so that slots fall into different cache sets
constexpr std::array<CacheMode, 4> kModes = {CacheMode::rotate, CacheMode::hot, CacheMode::fresh, CacheMode::flush};
constexpr std::array<std::string_view, 4> kModeNames = {"rotate", "hot", "fresh", "flush"};

Bytes stride(Bytes size) { return size == 0 ? 0 : std::max(kSmallestStride, (size + kLine - 1) / kLine * kLine); }

}  // namespace

std::string_view name_of(CacheMode mode) { return kModeNames[static_cast<std::size_t>(mode)]; }

CacheMode parse_cache_mode(std::string_view name) {
  std::vector<std::string> names;
  for (const CacheMode mode : kModes) {
    if (name_of(mode) == name) return mode;
    names.emplace_back(name_of(mode));
  }
  throw UsageError(unknown_name("cache mode", name, names));
}

SpaceSizes largest_sizes(std::span<const Program> programs) {
  SpaceSizes sizes;
  for (const Program& program : programs) {
    sizes.in = std::max(sizes.in, program.in_bytes);
    sizes.out = std::max(sizes.out, program.out_bytes);
    sizes.scratch = std::max(sizes.scratch, program.scratch_bytes);
  }
  return sizes;
}

std::size_t Arena::slots_for(CacheMode mode, const SpaceSizes& sizes, Bytes last_level_cache) {
  const Bytes one = stride(sizes.in) + stride(sizes.out);
  if (mode != CacheMode::rotate || one == 0) return 1;
  return std::max<std::size_t>(2, (2 * last_level_cache + one - 1) / one);
}

Bytes Arena::footprint(const SpaceSizes& sizes, std::size_t slots) {
  return slots * (stride(sizes.in) + stride(sizes.out)) + sizes.scratch;
}

Arena::Arena(Communicator& communicator, const SpaceSizes& sizes, std::size_t slots)
    : sizes_(sizes),
      slots_(slots),
      in_(communicator.allocate(slots * stride(sizes.in))),
      out_(communicator.allocate(slots * stride(sizes.out))),
      scratch_(communicator.allocate(sizes.scratch)) {}

Buffers Arena::slot(std::size_t index) const {
  const std::size_t i = index % slots_;
  return {
      .in = in_.get() + i * stride(sizes_.in), .out = out_.get() + i * stride(sizes_.out), .scratch = scratch_.get()};
}

}  // namespace weft
