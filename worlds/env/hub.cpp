#include "worlds/env/hub.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/error.hpp"
#include "core/system.hpp"
#include "core/text.hpp"
#include "worlds/env/socket.hpp"

namespace weft::env {
namespace {

constexpr int kEventsAtOnce = 64;
constexpr int kTickMilliseconds = 50;

void watch_line(int epoll, int fd, bool output, int operation) {
  epoll_event event{};
  event.events = output ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(epoll, operation, fd, &event);
}

std::string describe_end(int code) {
  return code > 128 ? fmt::format("it was ended by signal {}", code - 128)
                    : fmt::format("it ended with exit code {}", code);
}

}  // namespace

Hub::Hub(Descriptor listener, const Rendezvous& rendezvous, const Secret& secret, Nanoseconds timeout)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      rendezvous_(rendezvous),
      timeout_(timeout),
      come_by_(monotonic_now() + timeout),
      reception_(std::move(listener), secret, epoll_.get(), [this](const auto& who) { return admit(who); }),
      members_(static_cast<std::size_t>(rendezvous.ranks)),
      missing_(2 * rendezvous.ranks) {}

int Hub::run() {
  std::array<epoll_event, kEventsAtOnce> events;
  while (!over(monotonic_now())) {
    const int count = epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, patience());
    const Nanoseconds now = monotonic_now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (lines_.contains(event.data.fd)) {
        serve(event.data.fd, event.events);
      } else if (reception_.owns(event.data.fd)) {
        if (auto guest = reception_.serve(event.data.fd, now)) welcome(std::move(*guest));
      }
    }
    watch(monotonic_now());
  }
  return verdict_ ? verdict_->code : 0;
}

/// In ms, -1 without end: nothing happens by itself while all is well.
int Hub::patience() const {
  const bool broken = std::any_of(members_.begin(), members_.end(), [](const Member& m) { return m.lost(); });
  return all_came() && !notice_ && !verdict_ && !broken ? -1 : kTickMilliseconds;
}

bool Hub::over(Nanoseconds now) const {
  if (verdict_) return lines_.empty() || now > concluded_at_ + kLinger;
  return all_came() && lines_.empty();
}

Admission Hub::admit(const Introduction& introduction) {
  const bool known = introduction.role == Role::rank || introduction.role == Role::supervisor;
  if (introduction.ranks != rendezvous_.ranks || introduction.rank < 0 || introduction.rank >= rendezvous_.ranks ||
      !known)
    return Admission::other_size;
  const Member& member = members_[static_cast<std::size_t>(introduction.rank)];
  return member.came[static_cast<int>(introduction.role)] ? Admission::taken : Admission::welcome;
}

void Hub::welcome(Reception::Guest guest) {
  const Introduction& who = guest.introduction;
  Member& member = members_[static_cast<std::size_t>(who.rank)];
  member.came[static_cast<int>(who.role)] = true;
  if (who.role == Role::rank || member.place.empty())
    member.place = fmt::format("pid {} on {}", who.pid, who.host.data());
  const int fd = guest.fd.get();
  if (who.role == Role::rank) member.fd = fd;
  watch_connection(fd, timeout_);
  watch_line(epoll_.get(), fd, false, EPOLL_CTL_ADD);
  lines_.emplace(fd, Line{.fd = std::move(guest.fd), .role = who.role, .rank = who.rank});
  if (--missing_ == 0) reception_.close();
  if (verdict_ && who.role == Role::rank)
    post(fd, std::make_shared<const std::string>(make_frame(FrameKind::verdict, 0, pack(*verdict_))));
}

/// By the address that they were given; rank 0 comes over the loopback where it is none of its host's.
bool Hub::others_came() const {
  return std::any_of(members_.begin() + 1, members_.end(), [](const Member& m) { return m.came[0] || m.came[1]; });
}

std::string Hub::missing_sentence() const {
  constexpr std::size_t kMostNamed = 8;
  std::vector<std::string> names;
  for (std::size_t rank = 0; rank < members_.size(); ++rank)
    if (!members_[rank].came[0] || !members_[rank].came[1]) names.push_back(std::to_string(rank));
  const char* const plural = names.size() == 1 ? "" : "s";
  std::string sentence = fmt::format("rank{} {} of {} did not come to {} within {:.3g} s (--timeout)", plural,
                                     enumerate(std::move(names), kMostNamed), members_.size(), rendezvous_.place(),
                                     static_cast<double>(timeout_) / 1e9);
  if (!others_came() && is_elsewhere(rendezvous_.host))
    sentence += fmt::format("; rank 0's host does not have the address {}", rendezvous_.host);
  if (const std::size_t strangers = reception_.turned_away(); strangers != 0)
    sentence += fmt::format("; {} connections without the secret were turned away", strangers);
  return sentence;
}

void Hub::serve(int fd, std::uint32_t events) {
  Line& line = lines_.at(fd);
  if ((events & EPOLLOUT) != 0) flush(line);
  const FrameReader::State state = line.reader.read(fd);
  const int error = line.error != 0 ? line.error : errno;
  while (std::optional<Frame> frame = line.reader.next()) hear(line, std::move(*frame));
  if (state == FrameReader::State::open) return;
  if (state == FrameReader::State::closed && line.error == 0) return hang_up(fd, "its connection was closed");
  hang_up(fd, error == 0 ? "it said what is no message" : std::strerror(error));
}

void Hub::hear(Line& line, Frame frame) {
  switch (frame.kind) {
    case FrameKind::blob:
      return take_part(members_[static_cast<std::size_t>(line.rank)], std::move(frame));
    case FrameKind::done:
      line.done = true;
      if (line.role == Role::rank) return leave(line.rank);
      if (frame.about != 0) break_off(line.rank, describe_end(frame.about));
      return;
    case FrameKind::gave_up:
      line.done = true;
      object(unpack_notice(frame.payload));  // before it leaves: why is what those are to hear that wait for it
      return leave(line.rank);
    case FrameKind::lost: {
      line.done = true;
      const EarlyNotice notice = unpack_notice(frame.payload);
      if (!members_[static_cast<std::size_t>(line.rank)].left) conclude(notice, true);
      return;
    }
    default:
      return;
  }
}

void Hub::take_part(Member& member, Frame frame) {
  if (member.blob) return;
  member.blob = std::move(frame.payload);
  member.wants_all = frame.about != 0;
  if (++parts_ == static_cast<int>(members_.size())) return release();
  for (std::size_t rank = 0; rank < members_.size(); ++rank)
    if (members_[rank].left && !members_[rank].blob)
      return post(member.fd, std::make_shared<const std::string>(
                                 make_frame(FrameKind::left, static_cast<std::int32_t>(rank), {})));
}

void Hub::release() {
  std::vector<std::string> blobs;
  for (Member& member : members_) {
    blobs.push_back(std::move(*member.blob));
    member.blob.reset();
  }
  parts_ = 0;
  const auto all = std::make_shared<const std::string>(make_frame(FrameKind::result, 0, pack(blobs)));
  const auto nothing = std::make_shared<const std::string>(make_frame(FrameKind::result, 0, {}));
  for (const Member& member : members_) post(member.fd, member.wants_all ? all : nothing);
}

void Hub::leave(int rank) {
  Member& leaving = members_[static_cast<std::size_t>(rank)];
  if (std::exchange(leaving.left, true) || leaving.blob) return;
  const auto frame = std::make_shared<const std::string>(make_frame(FrameKind::left, rank, {}));
  for (const Member& member : members_)
    if (member.blob) post(member.fd, frame);
}

void Hub::hang_up(int fd, const std::string& why) {
  const auto found = lines_.find(fd);
  Member& member = members_[static_cast<std::size_t>(found->second.rank)];
  if (found->second.role == Role::rank) member.fd = -1;
  if (!found->second.done) break_off(found->second.rank, why);
  lines_.erase(found);
}

/// Where the rank has not said that it ends; its own or its supervisor's word may still come.
void Hub::break_off(int rank, const std::string& why) {
  Member& member = members_[static_cast<std::size_t>(rank)];
  if (!member.broke.empty()) return;
  member.broke = why;
  member.broke_at = monotonic_now();
}

void Hub::post(int fd, std::shared_ptr<const std::string> frame) {
  const auto found = lines_.find(fd);
  if (found == lines_.end()) return;
  found->second.out.push_back(std::move(frame));
  if (found->second.out.size() == 1) flush(found->second);
}

/// As far as it goes without waiting; what fails ends the connection, which the next read sees.
void Hub::flush(Line& line) {
  while (!line.out.empty()) {
    const std::string& frame = *line.out.front();
    const ssize_t sent =
        send(line.fd.get(), frame.data() + line.sent, frame.size() - line.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      line.error = errno;
      line.out.clear();
      line.sent = 0;
      break;
    }
    if (sent < 0) break;
    line.sent += static_cast<std::size_t>(sent);
    if (line.sent < frame.size()) continue;
    line.out.pop_front();
    line.sent = 0;
  }
  watch_line(epoll_.get(), line.fd.get(), !line.out.empty(), EPOLL_CTL_MOD);
}

void Hub::tell_ranks(FrameKind kind, const EarlyNotice& notice) {
  const auto frame = std::make_shared<const std::string>(make_frame(kind, 0, pack(notice)));
  for (const Member& member : members_) post(member.fd, frame);
}

// The first counts: what others say after it may be for want of that rank.
void Hub::object(EarlyNotice notice) {
  if (notice_ || verdict_) return;
  notice_ = std::move(notice);
  noticed_at_ = monotonic_now();
  tell_ranks(FrameKind::notice, *notice_);
}

/// `said_there`: the process at fault says the sentence itself. Then it is said here too only where that is another
/// host, whose output may go elsewhere.
void Hub::conclude(const EarlyNotice& verdict, bool said_there) {
  if (verdict_) return;
  verdict_ = verdict;
  concluded_at_ = monotonic_now();
  tell_ranks(FrameKind::verdict, verdict);
  reception_.close();
  const bool here =
      verdict.rank >= 0 && members_[static_cast<std::size_t>(verdict.rank)].place.ends_with(" on " + host_name());
  if (!said_there || !here) fmt::print(stderr, "weft: {}\n", verdict.text);
}

void Hub::watch(Nanoseconds now) {
  if (verdict_) return;
  constexpr int kFailed = static_cast<int>(ExitCode::failed);
  if (!all_came()) {
    reception_.expire(now);
    if (now > come_by_) return conclude({-1, kFailed, true, missing_sentence()}, false);
  }
  for (std::size_t rank = 0; rank < members_.size(); ++rank) {
    const Member& member = members_[rank];
    if (member.lost() && now > member.broke_at + kHearing)
      return conclude({static_cast<int>(rank), kFailed, false,
                       fmt::format("rank {} ({}) was lost: {}", rank, member.place, member.broke)},
                      false);
  }
  if (notice_) watch_notice(now);
}

void Hub::watch_notice(Nanoseconds now) {
  const auto absent = std::find_if(members_.begin(), members_.end(), [](const Member& m) { return !m.left; });
  if (absent == members_.end()) return conclude(*notice_, true);
  if (now < noticed_at_ + (notice_->timed_out ? kGrace : kHearing)) return;
  if (!notice_->timed_out) return conclude(*notice_, true);
  const auto rank = static_cast<int>(absent - members_.begin());
  conclude(
      {rank, notice_->code, true, fmt::format("rank {} ({}) does not answer: {}", rank, absent->place, notice_->text)},
      false);
}

}  // namespace weft::env
