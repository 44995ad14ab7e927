#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "worlds/env/frame.hpp"
#include "worlds/env/reception.hpp"
#include "worlds/env/rendezvous.hpp"

namespace weft::env {

/// Rank 0's process that all ranks and their supervisors are connected to: it waits for them to come, brings the parts
/// of a collective together, and finds out who is to blame where the run ends early. One thread, which sleeps while
/// nobody speaks, so that it takes nothing from what is measured: that a host is gone, the kernel's keep-alives find
/// out.
class Hub {
 public:
  /// Who has given up for want of others is blamed only where all others answer within this time: longer than a
  /// supervisor needs to find its own rank stuck.
  static constexpr Nanoseconds kGrace = 3'000'000'000;
  /// What a supervisor has to say about a connection that broke, or a better reason than a rank's own, comes within
  /// this time.
  static constexpr Nanoseconds kHearing = 500'000'000;
  /// Who has not left so long after the verdict is left alone.
  static constexpr Nanoseconds kLinger = 3'000'000'000;

  /// `timeout`: for the ranks to come.
  Hub(Descriptor listener, const Rendezvous& rendezvous, const Secret& secret, Nanoseconds timeout);

  /// Until all have ended. ExitCode::failed, or what the rank at fault gave, where the run ended early, else 0.
  int run();

 private:
  struct Line {
    Descriptor fd;
    Role role;
    int rank;
    FrameReader reader{kMostOfOne};
    std::deque<std::shared_ptr<const std::string>> out = {};
    std::size_t sent = 0;  ///< of the first of `out`
    bool done = false;     ///< has said that it ends
    int error = 0;         ///< of a send, which a later read does not give again
  };

  struct Member {
    bool came[2] = {false, false};  ///< rank, supervisor
    int fd = -1;                    ///< of the rank's line, -1 where there is none
    bool left = false;              ///< the rank has ended, or given up
    std::string place;              ///< "pid 12 on host"
    std::string broke;              ///< why a line ended unasked; empty while none did
    Nanoseconds broke_at = 0;
    std::optional<std::string> blob;
    bool wants_all = false;

    bool lost() const { return !broke.empty() && !left; }
  };

  Admission admit(const Introduction& introduction);
  void welcome(Reception::Guest guest);
  bool all_came() const { return missing_ == 0; }
  bool others_came() const;
  std::string missing_sentence() const;

  void serve(int fd, std::uint32_t events);
  void hear(Line& line, Frame frame);
  void take_part(Member& member, Frame frame);
  void release();
  void leave(int rank);
  void hang_up(int fd, const std::string& why);
  void break_off(int rank, const std::string& why);
  void post(int fd, std::shared_ptr<const std::string> frame);
  void flush(Line& line);
  void tell_ranks(FrameKind kind, const EarlyNotice& notice);

  void object(EarlyNotice notice);
  void conclude(const EarlyNotice& verdict, bool said_there);
  void watch(Nanoseconds now);
  void watch_notice(Nanoseconds now);
  bool over(Nanoseconds now) const;
  int patience() const;

  Descriptor epoll_;
  Rendezvous rendezvous_;
  Nanoseconds timeout_;
  Nanoseconds come_by_;
  Reception reception_;
  std::vector<Member> members_;
  std::unordered_map<int, Line> lines_;
  int missing_;  ///< lines that have not come
  int parts_ = 0;
  std::optional<EarlyNotice> notice_;
  Nanoseconds noticed_at_ = 0;
  std::optional<EarlyNotice> verdict_;
  Nanoseconds concluded_at_ = 0;
};

}  // namespace weft::env
