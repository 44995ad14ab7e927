#pragma once

#include <string>
#include <vector>

#include "collectives/payload_stream.hpp"
#include "collectives/workload.hpp"
#include "patterns/request.hpp"

namespace weft {

/// One rank's part of the messages between two that only move data: a program. Its `in` is what the rank sends, its
/// `out` what arrives, which may arrive several times, at one place behind the other.
class MessageWorkload : public Workload {
 public:
  /// `arriving`: bytes that arrive before they repeat, of which out_bytes is a multiple; 0 where nothing arrives.
  MessageWorkload(Program program, int peer, Bytes arriving);

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  bool keeps_pace() const override { return true; }
  Bytes wire_bytes(std::size_t program) const override { return programs_[program].sent_bytes(); }

 private:
  std::vector<Program> programs_;
  int peer_;
  Bytes arriving_;
};

/// Why a pattern of messages between two ranks cannot be measured; empty where it can.
std::string refuses_messages(const std::string& pattern, const Request& request, int ranks);

}  // namespace weft
