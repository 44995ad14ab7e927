#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/call.hpp"
#include "core/datatype.hpp"
#include "core/units.hpp"

namespace weft {

/// The buffers a program works on. `scratch` is working space whose contents nobody cares about before or after.
enum class Space : std::uint8_t { in, out, scratch };

struct Region {
  Space space = Space::out;
  Bytes offset = 0;
  Bytes bytes = 0;

  Region part(Bytes from, Bytes length) const { return {space, offset + from, length}; }
  bool operator==(const Region&) const = default;
};

/// What one step does. Within a lane steps start in order; send, recv and recv_reduce only start, and complete at the
/// next `wait` at the latest. Lanes are concurrent, as CUDA streams are.
enum class Action : std::uint8_t {
  send,         ///< src to peer
  recv,         ///< peer to dst
  recv_reduce,  ///< dst[i] = src[i] op arriving[i]
  copy,         ///< src to dst, at once
  reduce,       ///< dst[i] = dst[i] op src[i] op src[bytes + i] …: `peer` blocks, rounded once, at once
  compute,      ///< keeps the lane busy for `bytes` ns
  wait,         ///< until everything this lane has started is complete
  signal,       ///< event `peer` has happened; each event happens once per execution
  await,        ///< until event `peer` has happened
  native,       ///< the library's own collective, natives[peer]; nothing else may be outstanding
  call,         ///< the steps of routines[peer], as if they stood here
};

/// One step: 40 bytes, no pointers. dst and src have the same length `bytes`; of a reduce src is `peer` times as long.
struct Step {
  Action action = Action::wait;
  Space dst_space = Space::out;
  Space src_space = Space::in;
  std::optional<Datatype> dtype = {};  ///< of recv_reduce and reduce; none: the program's
  std::int32_t peer = -1;              ///< rank, or event, or index into natives or routines, or number of blocks
  Bytes dst = 0;
  Bytes src = 0;
  Bytes bytes = 0;  ///< length; for compute ns

  Region destination() const { return {dst_space, dst, bytes}; }
  Region source() const {
    return {src_space, src, action == Action::reduce ? bytes * static_cast<Bytes>(peer) : bytes};
  }
  bool operator==(const Step&) const = default;
};

/// Steps in order. The building calls read like the textbook; a step over 0 bytes is not recorded, on either side.
class Lane {
 public:
  explicit Lane(std::string name) : name_(std::move(name)) {}
  /// Takes steps as they are, unchecked.
  Lane(std::string name, std::vector<Step> steps);

  void send(int peer, Region from);
  void recv(int peer, Region into);
  void recv_reduce(int peer, Region into) { recv_reduce(peer, into, into); }
  void recv_reduce(int peer, Region into, Region with);  ///< into = with op arriving; lengths must agree
  void copy(Region into, Region from);                   ///< lengths must agree; nothing where both are the same place
  /// `from` is one block as long as `into`, or several, one after another.
  void reduce(Region into, Region from, std::optional<Datatype> dtype = {});
  void compute(Nanoseconds duration);
  void wait();  ///< not recorded where nothing is outstanding
  void signal(int event);
  void await(int event);
  void native(int index);
  void call(int routine);

  const std::string& name() const { return name_; }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::string name_;
  std::vector<Step> steps_;
  bool outstanding_ = false;
};

/// The traffic of one rank: data, written before the clock starts, run by execute over any transport.
struct Program {
  int rank = 0;
  int ranks = 1;
  Datatype dtype = Datatype::u8;
  ReduceOp op = ReduceOp::sum;
  Bytes in_bytes = 0;
  Bytes out_bytes = 0;
  Bytes scratch_bytes = 0;
  bool in_place = false;  ///< no `in`; natives take their input from `out`
  int events = 0;
  std::vector<Lane> lanes;
  /// The channel of each lane's messages. Empty: a lane's channel is its index. Lanes of one channel must order their
  /// messages with a peer by events, for they match in order.
  std::vector<int> channels;
  std::vector<Call> natives;
  /// Steps that lanes call, each by one lane and any number of times: what a program does again and again is written
  /// once. They call nothing themselves and leave nothing outstanding. Their messages are on the caller's channel.
  std::vector<Lane> routines;

  Bytes size_of_space(Space space) const;
  int channel_of(int lane) const { return channels.empty() ? lane : channels[static_cast<std::size_t>(lane)]; }
  /// Bytes this rank sends, over all lanes; natives count as nothing.
  Bytes sent_bytes() const;
  Bytes sent_bytes(std::size_t lane) const;            ///< by one lane
  Bytes sent_bytes_between(const Nodes& nodes) const;  ///< of sent_bytes() what goes to ranks of other nodes
  /// Steps that one execution runs, those of routines at each call.
  std::uint64_t executed_steps() const;
};

/// The same program without routines: their steps stand at each call.
Program inlined(const Program& program);

/// Splits `count` elements into `parts` runs as even as can be (the first count % parts are one longer); the index is
/// taken modulo parts.
class Chunks {
 public:
  Chunks(std::uint64_t count, Bytes element, int parts, Space space = Space::out)
      : count_(count), element_(element), parts_(parts), space_(space) {}
  Region operator[](int index) const;
  Region in(Space space, int index) const;  ///< the same place in another buffer

 private:
  std::uint64_t count_;
  Bytes element_;
  int parts_;
  Space space_;
};

}  // namespace weft
