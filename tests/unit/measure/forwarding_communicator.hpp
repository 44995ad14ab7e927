#pragma once

#include "transports/communicator.hpp"

namespace weft {

/// Another communicator, of which a test changes a part.
class ForwardingCommunicator : public Communicator {
 public:
  explicit ForwardingCommunicator(Communicator& of) : Communicator(of.rank(), of.ranks()), of_(of) {}
  Memory allocate(Bytes bytes) override { return of_.allocate(bytes); }
  void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) override {
    of_.post_send(peer, channel, data, bytes, pending);
  }
  void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) override {
    of_.post_recv(peer, channel, into, bytes, pending);
  }
  void progress() override { of_.progress(); }
  void relax(Nanoseconds until) override { of_.relax(until); }
  Nanoseconds now() const override { return of_.now(); }
  bool virtual_time() const override { return of_.virtual_time(); }
  bool clocks_differ() const override { return of_.clocks_differ(); }
  bool carries_data() const override { return of_.carries_data(); }
  void carry_data(bool carry) override { of_.carry_data(carry); }

 protected:
  const Communicator& of() const { return of_; }
  Communicator& of() { return of_; }

 private:
  Communicator& of_;
};

}  // namespace weft
