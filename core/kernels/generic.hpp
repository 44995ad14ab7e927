#pragma once

#include "core/kernels/table.hpp"
#include "core/kernels/vector.hpp"

// The kernels, written once over an instruction set `Isa`: see portable.cpp for what one provides. Internal linkage for
// the reason given in vector.hpp.
namespace weft::kernels {
namespace {

struct Sum {
  template <typename Value>
  static Value apply(Value a, Value b) {
    return static_cast<Value>(a + b);
  }
};
struct Product {
  template <typename Value>
  static Value apply(Value a, Value b) {
    return static_cast<Value>(a * b);
  }
};
/// NaN if either is, as IEEE 754-2019 minimum and maximum.
struct Minimum {
  template <typename Value>
  static Value apply(Value a, Value b) {
    return ((a < b) | (a != a)) ? a : b;
  }
};
struct Maximum {
  template <typename Value>
  static Value apply(Value a, Value b) {
    return ((a > b) | (a != a)) ? a : b;
  }
};

/// How elements lie in memory, how many bytes a register has for each, and how an operation works on `kLanes` of them;
/// and what several are accumulated in.
template <typename Element>
struct Plain {
  using Memory = Element;
  using Wide = Element;
  static constexpr std::size_t kRegisterBytes = sizeof(Element);
  template <typename Isa, typename Op, std::size_t kLanes>
  static Vector<Element, kLanes> apply(Vector<Element, kLanes> a, Vector<Element, kLanes> b) {
    return Op::apply(a, b);
  }
  template <typename Isa, std::size_t kLanes>
  static Vector<Element, kLanes> widen(Vector<Element, kLanes> value) {
    return value;
  }
  template <typename Isa, std::size_t kLanes>
  static Vector<Element, kLanes> narrow(Vector<Element, kLanes> value) {
    return value;
  }
};

struct Bf16 {
  using Memory = std::uint16_t;
  using Wide = float;
  static constexpr std::size_t kRegisterBytes = sizeof(std::uint16_t);
  /// Two at a time in the 32-bit lanes that they lie in: nothing is moved between lanes.
  template <typename Isa, typename Op, std::size_t kLanes>
  static Vector<std::uint16_t, kLanes> apply(Vector<std::uint16_t, kLanes> a, Vector<std::uint16_t, kLanes> b) {
    if constexpr (kLanes == 1) {
      return to_bf16<1>(Op::apply(from_bf16<1>(a), from_bf16<1>(b)));
    } else {
      using Word = Vector<std::uint32_t, kLanes / 2>;
      using Float = Vector<float, kLanes / 2>;
      const Word x = bits<Word>(a);
      const Word y = bits<Word>(b);
      const Word low = rounded_to_bf16<kLanes / 2>(Op::apply(bits<Float>(x << 16), bits<Float>(y << 16)));
      const Word high =
          rounded_to_bf16<kLanes / 2>(Op::apply(bits<Float>(x & 0xffff0000U), bits<Float>(y & 0xffff0000U)));
      return bits<Vector<std::uint16_t, kLanes>>((low >> 16) | (high & 0xffff0000U));
    }
  }
  template <typename Isa, std::size_t kLanes>
  static Vector<float, kLanes> widen(Vector<std::uint16_t, kLanes> value) {
    return from_bf16<kLanes>(value);
  }
  template <typename Isa, std::size_t kLanes>
  static Vector<std::uint16_t, kLanes> narrow(Vector<float, kLanes> value) {
    return to_bf16<kLanes>(value);
  }
};

struct F16 {
  using Memory = std::uint16_t;
  using Wide = float;
  static constexpr std::size_t kRegisterBytes = sizeof(float);
  template <typename Isa, typename Op, std::size_t kLanes>
  static Vector<std::uint16_t, kLanes> apply(Vector<std::uint16_t, kLanes> a, Vector<std::uint16_t, kLanes> b) {
    return Isa::template float_to_half<kLanes>(
        Op::apply(Isa::template half_to_float<kLanes>(a), Isa::template half_to_float<kLanes>(b)));
  }
  template <typename Isa, std::size_t kLanes>
  static Vector<float, kLanes> widen(Vector<std::uint16_t, kLanes> value) {
    return Isa::template half_to_float<kLanes>(value);
  }
  template <typename Isa, std::size_t kLanes>
  static Vector<std::uint16_t, kLanes> narrow(Vector<float, kLanes> value) {
    return Isa::template float_to_half<kLanes>(value);
  }
};

/// Elements to go until `into` lies at a multiple of the vector; `count` where it never does or there are too few.
template <typename Element>
std::size_t elements_to_alignment(const void* into, std::size_t vector, std::size_t count) {
  const std::size_t past = reinterpret_cast<std::uintptr_t>(into) % vector;
  if (past % sizeof(Element) != 0) return count;
  const std::size_t head = past == 0 ? 0 : (vector - past) / sizeof(Element);
  return head < count ? head : count;
}

template <typename Isa, typename Codec, typename Op, Stores kStores>
struct Reduction {
  using Memory = typename Codec::Memory;
  static constexpr std::size_t kLanes = Isa::kWidth / Codec::kRegisterBytes;
  static constexpr std::size_t kUnrolled = 4;

  template <Stores kHow, std::size_t kCount>
  static void step(Memory* into, const Memory* a, const Memory* b) {
    using Loaded = Vector<Memory, kCount>;
    const auto result = Codec::template apply<Isa, Op, kCount>(load<Loaded>(a), load<Loaded>(b));
    if constexpr (kHow == Stores::streaming)
      Isa::stream(into, result);
    else
      store(into, result);
  }

  static std::size_t singles(Memory* into, const Memory* a, const Memory* b, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) step<Stores::cached, 1>(into + i, a + i, b + i);
    return to;
  }

  template <Stores kHow>
  static std::size_t vectors(Memory* into, const Memory* a, const Memory* b, std::size_t from, std::size_t to) {
    std::size_t i = from;
    for (; i + kUnrolled * kLanes <= to; i += kUnrolled * kLanes)
      for (std::size_t u = 0; u < kUnrolled; ++u)
        step<kHow, kLanes>(into + i + u * kLanes, a + i + u * kLanes, b + i + u * kLanes);
    for (; i + kLanes <= to; i += kLanes) step<kHow, kLanes>(into + i, a + i, b + i);
    return i;
  }

  static void run(void* into_bytes, const void* a_bytes, const void* b_bytes, std::size_t count) {
    auto* into = static_cast<Memory*>(into_bytes);
    const auto* a = static_cast<const Memory*>(a_bytes);
    const auto* b = static_cast<const Memory*>(b_bytes);
    std::size_t done = 0;
    if constexpr (kStores == Stores::streaming) {
      const std::size_t head = elements_to_alignment<Memory>(into, Isa::kWidth, count);
      if (head < count) {
        done = singles(into, a, b, 0, head);
        done = vectors<Stores::streaming>(into, a, b, done, count);
      }
    }
    done = vectors<Stores::cached>(into, a, b, done, count);
    singles(into, a, b, done, count);
    if constexpr (kStores == Stores::streaming) Isa::fence();
  }
};

/// Calls visit.operator()<lanes>(i) for i over [0, count) in steps of vectors of `Element`, then of single elements.
template <typename Isa, typename Element = float, typename Visit>
inline void for_lanes(std::size_t count, Visit visit) {
  constexpr std::size_t kLanes = Isa::kWidth / sizeof(Element);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) visit.template operator()<kLanes>(i);
  for (; i < count; ++i) visit.template operator()<1>(i);
}

template <typename Isa, typename Codec, typename Op>
struct Fold {
  using Memory = typename Codec::Memory;
  using Wide = typename Codec::Wide;
  /// Sums that stay in the nearest cache while the blocks are read one after another, a run of each.
  static constexpr std::size_t kSums = 4096 / sizeof(Wide);

  static void run(void* into_bytes, const void* from_bytes, std::size_t count, std::size_t blocks) {
    if (blocks == 1) return Reduction<Isa, Codec, Op, Stores::cached>::run(into_bytes, into_bytes, from_bytes, count);
    auto* into = static_cast<Memory*>(into_bytes);
    const auto* from = static_cast<const Memory*>(from_bytes);
    for (std::size_t start = 0; start < count; start += kSums)
      fold(into + start, from + start, count - start < kSums ? count - start : kSums, count, blocks);
  }

 private:
  template <std::size_t kCount>
  static Vector<Wide, kCount> wide(const Memory* from) {
    return Codec::template widen<Isa, kCount>(load<Vector<Memory, kCount>>(from));
  }

  static void fold(Memory* into, const Memory* from, std::size_t length, std::size_t stride, std::size_t blocks) {
    Wide sums[kSums];
    for_lanes<Isa, Wide>(length, [&]<std::size_t kCount>(std::size_t i) { store(sums + i, wide<kCount>(into + i)); });
    for (std::size_t block = 0; block < blocks; ++block, from += stride)
      for_lanes<Isa, Wide>(length, [&]<std::size_t kCount>(std::size_t i) {
        store(sums + i, Op::apply(load<Vector<Wide, kCount>>(sums + i), wide<kCount>(from + i)));
      });
    for_lanes<Isa, Wide>(length, [&]<std::size_t kCount>(std::size_t i) {
      store(into + i, Codec::template narrow<Isa, kCount>(load<Vector<Wide, kCount>>(sums + i)));
    });
  }
};

template <typename Isa>
void copy_streaming(void* into_bytes, const void* from_bytes, std::size_t bytes) {
  using Wide = Vector<std::uint8_t, Isa::kWidth>;
  auto* into = static_cast<std::uint8_t*>(into_bytes);
  const auto* from = static_cast<const std::uint8_t*>(from_bytes);
  const std::size_t head = elements_to_alignment<std::uint8_t>(into, Isa::kWidth, bytes);
  __builtin_memcpy(into, from, head);
  std::size_t done = head;
  for (; done + 4 * Isa::kWidth <= bytes; done += 4 * Isa::kWidth)
    for (std::size_t u = 0; u < 4; ++u)
      Isa::stream(into + done + u * Isa::kWidth, load<Wide>(from + done + u * Isa::kWidth));
  __builtin_memcpy(into + done, from + done, bytes - done);
  Isa::fence();
}

template <typename Isa>
void pack_rows(void* into, const void* from, std::size_t row_bytes, const std::uint32_t* index, std::size_t rows) {
  if (row_bytes == 0) return;  // the buffers may then be null
  for (std::size_t i = 0; i < rows; ++i)
    __builtin_memcpy(static_cast<std::uint8_t*>(into) + i * row_bytes,
                     static_cast<const std::uint8_t*>(from) + index[i] * row_bytes, row_bytes);
}

template <typename Isa>
void unpack_rows(void* into, const void* from, std::size_t row_bytes, const std::uint32_t* index, std::size_t rows) {
  if (row_bytes == 0) return;  // the buffers may then be null
  for (std::size_t i = 0; i < rows; ++i)
    __builtin_memcpy(static_cast<std::uint8_t*>(into) + index[i] * row_bytes,
                     static_cast<const std::uint8_t*>(from) + i * row_bytes, row_bytes);
}

/// max|x| of the block; NaN does not count (it is encoded as NaN whatever the scale).
template <typename Isa>
float largest_magnitude(const std::uint16_t* from, std::size_t count) {
  constexpr std::size_t kLanes = Isa::kWidth / sizeof(float);
  // Magnitudes of bf16 are ordered as their bits are; above 0x7f80 they are NaN.
  Vector<std::uint32_t, kLanes> most = {};
  std::uint32_t largest = 0;
  for_lanes<Isa>(count, [&]<std::size_t kCount>(std::size_t i) {
    const auto word = convert<kCount, std::uint32_t>(load<Vector<std::uint16_t, kCount>>(from + i)) & 0x7fffU;
    const auto number = word > 0x7f80U ? word & 0U : word;
    if constexpr (kCount == 1)
      largest = largest < number ? number : largest;
    else
      most = most < number ? number : most;
  });
  for (std::size_t lane = 0; lane < kLanes; ++lane) largest = largest < most[lane] ? most[lane] : largest;
  return bits<float>(largest << 16);
}

template <typename Isa>
void quantise_fp8(std::uint8_t* values, float* scales, const std::uint16_t* from, std::size_t count) {
  for (std::size_t start = 0; start < count; start += kFp8Block) {
    const std::size_t length = count - start < kFp8Block ? count - start : kFp8Block;
    const float scale = largest_magnitude<Isa>(from + start, length) / 448.0F;
    const float divisor = scale > 0 ? scale : 1.0F;  // a block of zeros has the scale 0
    for_lanes<Isa>(length, [&]<std::size_t kCount>(std::size_t i) {
      const auto value = from_bf16<kCount>(load<Vector<std::uint16_t, kCount>>(from + start + i));
      store(values + start + i, to_e4m3<kCount>(value / divisor));
    });
    store(scales + start / kFp8Block, scale);
  }
}

template <typename Isa>
void dequantise_fp8(std::uint16_t* into, const std::uint8_t* values, const float* scales, std::size_t count) {
  for (std::size_t start = 0; start < count; start += kFp8Block) {
    const std::size_t length = count - start < kFp8Block ? count - start : kFp8Block;
    const float scale = load<float>(scales + start / kFp8Block);
    for_lanes<Isa>(length, [&]<std::size_t kCount>(std::size_t i) {
      const auto value = from_e4m3<kCount>(load<Vector<std::uint8_t, kCount>>(values + start + i));
      store(into + start + i, to_bf16<kCount>(value * scale));
    });
  }
}

template <typename Isa, typename Codec, typename Op>
constexpr void fill(Table& table, Datatype type, ReduceOp op) {
  auto& row = table.reduce[static_cast<std::size_t>(type)][static_cast<std::size_t>(op)];
  row[0] = Reduction<Isa, Codec, Op, Stores::cached>::run;
  row[1] = Reduction<Isa, Codec, Op, Stores::streaming>::run;
  table.fold[static_cast<std::size_t>(type)][static_cast<std::size_t>(op)] = Fold<Isa, Codec, Op>::run;
}

/// `Wrapping` is what sums and products are computed in: unsigned for integers, so that they wrap.
template <typename Isa, typename Codec, typename Wrapping = Codec>
constexpr void fill(Table& table, Datatype type) {
  fill<Isa, Wrapping, Sum>(table, type, ReduceOp::sum);
  fill<Isa, Wrapping, Product>(table, type, ReduceOp::prod);
  fill<Isa, Codec, Minimum>(table, type, ReduceOp::min);
  fill<Isa, Codec, Maximum>(table, type, ReduceOp::max);
}

template <typename Isa>
constexpr Table table_of(const char* instruction_set) {
  Table table = {instruction_set,    {}, {}, copy_streaming<Isa>, pack_rows<Isa>, unpack_rows<Isa>, quantise_fp8<Isa>,
                 dequantise_fp8<Isa>};
  fill<Isa, Plain<float>>(table, Datatype::f32);
  fill<Isa, Plain<double>>(table, Datatype::f64);
  fill<Isa, F16>(table, Datatype::f16);
  fill<Isa, Bf16>(table, Datatype::bf16);
  fill<Isa, Plain<std::int32_t>, Plain<std::uint32_t>>(table, Datatype::i32);
  fill<Isa, Plain<std::uint8_t>>(table, Datatype::u8);
  return table;
}

}  // namespace
}  // namespace weft::kernels
