#include "patterns/token_bytes.hpp"

namespace weft {

const char* name_of(TokenFormat format) {
  switch (format) {
    case TokenFormat::bf16:
      return "bf16";
    case TokenFormat::fp8:
      return "fp8";
    case TokenFormat::logfmt10:
      return "logfmt10";
  }
  return "";
}

Datatype datatype_of(TokenFormat format) {
  switch (format) {
    case TokenFormat::bf16:
      return Datatype::bf16;
    case TokenFormat::fp8:
      return Datatype::fp8;
    case TokenFormat::logfmt10:
      break;
  }
  return Datatype::u8;
}

Bytes token_bytes(TokenFormat format, std::uint64_t hidden) {
  const Bytes scales = (hidden + kScaleBlock - 1) / kScaleBlock * 4;
  switch (format) {
    case TokenFormat::bf16:
      return 2 * hidden;
    case TokenFormat::fp8:
      return hidden + scales;
    case TokenFormat::logfmt10:
      return (10 * hidden + 7) / 8 + scales;
  }
  return 0;
}

}  // namespace weft
