#pragma once

#include <memory>

#include "transports/tcp/operation.hpp"

namespace weft::tcp {

/// Where the payload of a frame goes: as it is, or reduced with what lies at `with`.
struct Landing {
  std::byte* into = nullptr;
  const std::byte* with = nullptr;
  Reduction reduction;
  Bytes bytes = 0;
  Operation* operation = nullptr;
};

/// The receiving end of a connection. A system call reads a header with the payload behind it, as much as lies there up
/// to kLook; the rest of a long payload is read into its place. What is reduced is read into the buffer a piece at a
/// time, and from there into the result while it is in the cache.
class Inlet {
 public:
  enum class Got : std::uint8_t { nothing, something, end };

  Inlet();

  /// One system call. Throws std::system_error.
  Got read(int descriptor);

  /// Whether a frame is under way, whose payload is awaited.
  bool open() const { return landing_.operation != nullptr; }
  /// Between frames: takes the next header; false where it is not there in whole.
  bool next(Header& header);
  /// Begins a payload of 1 byte or more.
  void begin(const Landing& landing) {
    landing_ = landing;
    length_ = landing.bytes;
  }
  /// Moves what has arrived to its place. True where the payload is complete.
  bool fill();
  Bytes length() const { return length_; }  ///< of the payload of the frame under way
  /// The operation of the complete frame; no frame is under way any more.
  Operation* finish() { return std::exchange(landing_.operation, nullptr); }

 private:
  Bytes buffered() const { return end_ - begin_; }
  void advance(Bytes bytes);
  void keep_rest_in_front();

  std::unique_ptr<std::byte[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Landing landing_;
  Bytes length_ = 0;
};

}  // namespace weft::tcp
