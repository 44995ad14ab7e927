#include "worlds/env/frame.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

#include "core/error.hpp"

namespace weft::env {
namespace {

constexpr std::size_t kReadAtOnce = 65536;
constexpr int kReadsAtOnce = 64;  // so that one that never stops leaves others their turn

struct NoticeHead {
  std::int32_t rank, code, timed_out;
};

template <typename Head>
Head head_of(std::string_view text) {
  Head head{};
  std::memcpy(&head, text.data(), sizeof head);
  return head;
}

bool is_frame(const FrameHeader& header, std::uint64_t most) {
  return header.kind >= FrameKind::blob && header.kind <= FrameKind::done && header.bytes <= most;
}

}  // namespace

std::string make_frame(FrameKind kind, std::int32_t about, std::string_view payload) {
  const FrameHeader header{kind, about, payload.size()};
  std::string frame(reinterpret_cast<const char*>(&header), sizeof header);
  frame.append(payload);
  return frame;
}

std::string pack(const EarlyNotice& notice) {
  const NoticeHead head{notice.rank, notice.code, notice.timed_out ? 1 : 0};
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + notice.text;
}

EarlyNotice unpack_notice(std::string_view payload) {
  if (payload.size() < sizeof(NoticeHead)) return {};
  const auto head = head_of<NoticeHead>(payload);
  return {head.rank, head.code, head.timed_out != 0, std::string(payload.substr(sizeof head))};
}

std::string pack(std::span<const std::string> blobs) {
  std::string all;
  for (const std::string& blob : blobs) {
    const std::uint64_t bytes = blob.size();
    all.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    all.append(blob);
  }
  return all;
}

std::vector<std::string> unpack_blobs(std::string_view payload) {
  std::vector<std::string> blobs;
  while (!payload.empty()) {
    if (payload.size() < sizeof(std::uint64_t)) throw TransportError("the hub sent a result that is cut off");
    const auto bytes = head_of<std::uint64_t>(payload);
    payload.remove_prefix(sizeof bytes);
    if (payload.size() < bytes) throw TransportError("the hub sent a result that is cut off");
    blobs.emplace_back(payload.substr(0, bytes));
    payload.remove_prefix(bytes);
  }
  return blobs;
}

FrameReader::State FrameReader::read(int fd) {
  std::array<char, kReadAtOnce> piece;
  for (int turn = 0; turn < kReadsAtOnce; ++turn) {
    const ssize_t got = recv(fd, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got == 0) return State::closed;
    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? State::open : State::broken;
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
    if (buffer_.size() - begin_ >= sizeof(FrameHeader) &&
        !is_frame(head_of<FrameHeader>(std::string_view(buffer_).substr(begin_)), most_)) {
      errno = 0;
      return State::broken;
    }
    if (static_cast<std::size_t>(got) < piece.size()) return State::open;
  }
  return State::open;
}

std::optional<Frame> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  if (rest.size() < sizeof(FrameHeader)) return std::nullopt;
  const auto header = head_of<FrameHeader>(rest);
  if (!is_frame(header, most_) || rest.size() - sizeof header < header.bytes) return std::nullopt;
  Frame frame{header.kind, header.about, std::string(rest.substr(sizeof header, header.bytes))};
  begin_ += sizeof header + header.bytes;
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  } else if (begin_ > kReadAtOnce && begin_ > buffer_.size() / 2) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  return frame;
}

}  // namespace weft::env
