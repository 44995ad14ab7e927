#include "transports/mpi/types.hpp"

#include "core/kernels.hpp"
#include "worlds/mpi/check.hpp"

namespace weft::mpi {
namespace {

constexpr auto kF16 = static_cast<std::size_t>(Datatype::f16);
constexpr auto kBf16 = static_cast<std::size_t>(Datatype::bf16);

// MPI hands the operation no closure, hence one function for each type and operation.
template <Datatype type, ReduceOp op>
void reduce_half(void* in, void* inout, int* count, MPI_Datatype*) {
  reduce_kernel(type, op)(inout, in, inout, static_cast<std::size_t>(*count));
}

MPI_Op new_op(MPI_User_function* function) {
  MPI_Op op = MPI_OP_NULL;
  check(MPI_Op_create(function, 1, &op), "MPI_Op_create");
  return op;
}

template <Datatype type>
std::array<MPI_Op, 4> half_ops() {
  return {new_op(reduce_half<type, ReduceOp::sum>), new_op(reduce_half<type, ReduceOp::prod>),
          new_op(reduce_half<type, ReduceOp::min>), new_op(reduce_half<type, ReduceOp::max>)};
}

MPI_Datatype bytes_type(Bytes bytes) {
  MPI_Datatype type = MPI_DATATYPE_NULL;
  check(MPI_Type_contiguous(static_cast<int>(bytes), MPI_BYTE, &type), "MPI_Type_contiguous");
  check(MPI_Type_commit(&type), "MPI_Type_commit");
  return type;
}

}  // namespace

// In the order of Datatype and of ReduceOp.
Types::Types()
    : half_(bytes_type(2)), page_(bytes_type(kPage)), types_{MPI_FLOAT,   MPI_DOUBLE,  half_,   half_,
                                                             MPI_INT32_T, MPI_UINT8_T, MPI_BYTE} {
  ops_.fill({MPI_SUM, MPI_PROD, MPI_MIN, MPI_MAX});
  ops_[kF16] = half_ops<Datatype::f16>();
  ops_[kBf16] = half_ops<Datatype::bf16>();
}

Types::~Types() {
  for (const std::size_t half : {kF16, kBf16})
    for (MPI_Op& op : ops_[half]) MPI_Op_free(&op);
  MPI_Type_free(&half_);
  MPI_Type_free(&page_);
}

}  // namespace weft::mpi
