#pragma once

#include <string>
#include <vector>

#include "collectives/payload_stream.hpp"
#include "collectives/workload.hpp"
#include "patterns/request.hpp"

namespace weft {

/// Bytes of the peer's `in`, from `from` on, that lie at `at` of this rank's `out` in the end.
struct Delivery {
  Bytes at = 0;
  Bytes bytes = 0;
  Bytes from = 0;  ///< a multiple of 8
};

/// One rank's part of the messages between two that only move data: a program.
class MessageWorkload : public Workload {
 public:
  MessageWorkload(Program program, int peer, std::vector<Delivery> deliveries);

  const std::vector<Program>& programs() const override { return programs_; }
  void fill(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  std::uint64_t count_wrong(std::size_t program, const Buffers& buffers, std::uint64_t salt) const override;
  bool keeps_pace() const override { return true; }
  Bytes wire_bytes(std::size_t program) const override { return programs_[program].sent_bytes(); }

 private:
  std::vector<Program> programs_;
  int peer_;
  std::vector<Delivery> deliveries_;
};

/// Why a pattern of messages between two ranks cannot be measured; empty where it can.
std::string refuses_messages(const std::string& pattern, const Request& request, int ranks);

}  // namespace weft
