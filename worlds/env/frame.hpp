#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::env {

/// What is said between a process and the hub, once it is admitted.
enum class FrameKind : std::uint32_t {
  blob = 1,  ///< rank -> hub: its part of a collective; `about` is 1 where it wants all parts back
  result,    ///< hub -> rank: the parts of all (pack), or nothing
  left,      ///< hub -> rank: what it waits for cannot come, the rank `about` has ended
  notice,    ///< hub -> rank: the run ends early (EarlyNotice)
  verdict,   ///< hub -> rank: the same, and nothing better will be known
  gave_up,   ///< rank -> hub: it cannot go on (EarlyNotice)
  lost,      ///< supervisor -> hub: its rank is lost (EarlyNotice)
  done,      ///< either -> hub: it ends; `about` is the exit code that a supervisor's rank ended with
};

struct FrameHeader {
  FrameKind kind;
  std::int32_t about;
  std::uint64_t bytes;  ///< that follow
};

struct Frame {
  FrameKind kind;
  std::int32_t about;
  std::string payload;
};

/// The most that a rank may give to a collective, and that the hub takes for one frame.
inline constexpr std::uint64_t kMostOfOne = std::uint64_t{256} << 20;

std::string make_frame(FrameKind kind, std::int32_t about, std::string_view payload);

/// Why the run ends early.
struct EarlyNotice {
  std::int32_t rank = -1;  ///< whose fault; -1 where it is not one rank's
  std::int32_t code = 0;
  bool timed_out = false;  ///< says only that others did not come
  std::string text;
};

std::string pack(const EarlyNotice& notice);
EarlyNotice unpack_notice(std::string_view payload);  ///< empty fields where the payload is too short

std::string pack(std::span<const std::string> blobs);
/// Throws TransportError where it is not what pack makes.
std::vector<std::string> unpack_blobs(std::string_view payload);

/// Frames out of what arrives in pieces. Keeps no more than has arrived, and refuses what announces more than `most`.
class FrameReader {
 public:
  explicit FrameReader(std::uint64_t most) : most_(most) {}

  enum class State { open, closed, broken };

  /// Takes in what can be read now without waiting; `broken` leaves errno, or 0 for what is no frame.
  State read(int fd);
  std::optional<Frame> next();

 private:
  std::uint64_t most_;
  std::string buffer_;
  std::size_t begin_ = 0;
};

}  // namespace weft::env
