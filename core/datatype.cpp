#include "core/datatype.hpp"

#include <array>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace weft {

namespace {

struct Facts {
  Datatype type;
  std::string_view name;
  Bytes size;
};

constexpr std::array<Facts, 7> kFacts = {{{Datatype::f32, "f32", 4},
                                          {Datatype::f64, "f64", 8},
                                          {Datatype::f16, "f16", 2},
                                          {Datatype::bf16, "bf16", 2},
                                          {Datatype::i32, "i32", 4},
                                          {Datatype::u8, "u8", 1},
                                          {Datatype::fp8, "fp8", 1}}};
constexpr std::array<Datatype, 7> kTypes = {Datatype::f32, Datatype::f64, Datatype::f16, Datatype::bf16,
                                            Datatype::i32, Datatype::u8,  Datatype::fp8};
constexpr std::array<ReduceOp, 4> kOps = {ReduceOp::sum, ReduceOp::prod, ReduceOp::min, ReduceOp::max};
constexpr std::array<std::string_view, 4> kOpNames = {"sum", "prod", "min", "max"};

template <typename Value>
Value parse(std::string_view kind, std::string_view name, std::span<const Value> values) {
  std::vector<std::string> names;
  for (const Value value : values) {
    if (name_of(value) == name) return value;
    names.emplace_back(name_of(value));
  }
  throw UsageError(unknown_name(kind, name, names));
}

}  // namespace

std::span<const Datatype> all_datatypes() { return kTypes; }
std::span<const ReduceOp> all_reduce_ops() { return kOps; }
Bytes size_of(Datatype type) { return kFacts[static_cast<std::size_t>(type)].size; }
std::string_view name_of(Datatype type) { return kFacts[static_cast<std::size_t>(type)].name; }
std::string_view name_of(ReduceOp op) { return kOpNames[static_cast<std::size_t>(op)]; }
Datatype parse_datatype(std::string_view name) { return parse("data type", name, all_datatypes()); }
ReduceOp parse_reduce_op(std::string_view name) { return parse("operation", name, all_reduce_ops()); }
bool reducible(Datatype type) { return type != Datatype::fp8; }

}  // namespace weft
