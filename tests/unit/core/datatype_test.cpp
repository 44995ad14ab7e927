#include "core/datatype.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace weft {
namespace {

TEST(Datatype, NamesAreReadBack) {
  for (const Datatype type : all_datatypes()) EXPECT_EQ(parse_datatype(name_of(type)), type);
  for (const ReduceOp op : all_reduce_ops()) EXPECT_EQ(parse_reduce_op(name_of(op)), op);
}

TEST(Datatype, UnknownNameGetsAHint) {
  try {
    parse_datatype("bf166");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'bf16'"), std::string::npos);
  }
}

}  // namespace
}  // namespace weft
