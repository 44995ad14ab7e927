#include "core/kernels/generic.hpp"

namespace weft::kernels {

namespace {

/// What every 64-bit CPU has. An instruction set gives the width of its vectors in bytes, conversions of binary16,
/// a non-temporal store to an address aligned to the width of its value, and the fence after such stores.
struct Portable {
  static constexpr std::size_t kWidth = 16;
  template <std::size_t kLanes>
  static Vector<float, kLanes> half_to_float(Vector<std::uint16_t, kLanes> value) {
    return from_f16<kLanes>(value);
  }
  template <std::size_t kLanes>
  static Vector<std::uint16_t, kLanes> float_to_half(Vector<float, kLanes> value) {
    return to_f16<kLanes>(value);
  }
  /// There is no portable non-temporal store: an ordinary one, which needs no fence.
  template <typename Value>
  static void stream(void* into, Value value) {
    store(into, value);
  }
  static void fence() {}
};

}  // namespace

constinit const Table kPortable = table_of<Portable>("portable");

}  // namespace weft::kernels
