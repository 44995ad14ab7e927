#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/call.hpp"
#include "core/kernels.hpp"
#include "core/units.hpp"
#include "transports/memory_kind.hpp"

namespace weft {

/// Operations posted and not yet complete. One per lane, owned by the executor; a communicator counts it up in post_*
/// (unless the operation completes at once) and down as operations complete.
struct Pending {
  int count = 0;
};

/// Memory that a communicator allocated; freed with the last copy of the pointer.
using Memory = std::shared_ptr<std::byte>;

/// Memory of this process, aligned to a page and touched, for transports whose payload may lie anywhere. `kind`: huge
/// are transparent huge pages, all else ordinary ones. Throws TransportError when there is none.
Memory allocate_pages(Bytes bytes, MemoryKind kind);

/// What a posted recv_reduce does with the arriving bytes: into = with op arriving, elementwise.
struct Reduction {
  ReduceKernel kernel = nullptr;            ///< stores: cached
  ReduceKernel streaming_kernel = nullptr;  ///< the same, past the cache; for results larger than the cache
  FoldKernel fold = nullptr;                ///< of several blocks
  Bytes element = 1;
  Datatype dtype = Datatype::u8;  ///< what the kernels do, for memory that they do not reach
  ReduceOp op = ReduceOp::sum;
};

/// The data plane: one rank's end of a transport. Used by one thread. Messages between two ranks match in order within
/// a channel; channels are independent of each other. A message's length is known to both sides. Buffers of posted
/// operations belong to the communicator until they complete. Every call may throw TransportError. Nothing here
/// allocates after a warm-up execution of the same traffic.
class Communicator {
 public:
  Communicator(int rank, int ranks) : rank_(rank), ranks_(ranks) {}
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  virtual ~Communicator() = default;

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }

  /// Memory for payload, aligned to a page, touched by this rank. Only such memory may be given to the calls below.
  /// Collective: every rank calls in the same order; sizes may differ and may be 0. Throws TransportError when there is
  /// none.
  virtual Memory allocate(Bytes bytes) = 0;
  /// The same for messages that the host writes and reads itself, whatever memory the payload lies in.
  virtual Memory allocate_signals(Bytes bytes) { return allocate(bytes); }

  /// Whether the host reads and writes what allocate() gives.
  virtual bool host_memory() const { return true; }
  /// The largest cache between that memory and who reads it, bytes; 0 where it is not known.
  virtual Bytes last_level_cache() const;
  /// into = from, at once. Each of them from allocate() or the host's. No overlap where one is not the host's.
  virtual void copy(std::byte* into, const std::byte* from, Bytes bytes);
  /// into[i] = into[i] op with[i] op with[count + i] op …, at once, over `blocks` blocks of `bytes` bytes (count
  /// elements) one after another; all from allocate(). Rounded once, as FoldKernel is.
  virtual void reduce(std::byte* into, const std::byte* with, Bytes bytes, std::size_t blocks,
                      const Reduction& reduction);

  /// Makes the channels 0 to channels - 1 ready, where that takes the ranks together; channels 0 and 1 always are.
  /// Collective, with the same number on every rank.
  virtual void open_channels(int channels);
  /// Whether a message waits for those posted on its channel before it, to and from whichever rank, but for those that
  /// were posted since the last progress(). Lanes that share a channel could then wait for each other forever.
  virtual bool channels_in_order() const { return false; }

  virtual void post_send(int peer, int channel, const std::byte* data, Bytes bytes, Pending& pending) = 0;
  virtual void post_recv(int peer, int channel, std::byte* into, Bytes bytes, Pending& pending) = 0;

  /// Whether post_recv_reduce may be called. Where not, the program is lowered to recv + reduce beforehand.
  virtual bool offers_recv_reduce() const { return false; }
  /// Receives and reduces without an intermediate copy: into[i] = with[i] op arriving[i]. `with` may equal `into`.
  virtual void post_recv_reduce(int peer, int channel, std::byte* into, const std::byte* with, Bytes bytes,
                                const Reduction& reduction, Pending& pending);

  /// Moves outstanding operations forward; returns soon.
  virtual void progress() = 0;

  /// Called when the last progress() changed nothing: may pause, yield, or (in virtual time) move on to the next event,
  /// but not beyond `until` (on now()'s clock; the largest value where nothing is awaited but messages).
  virtual void relax(Nanoseconds until) = 0;

  /// This rank's clock, ns. Virtual where the transport simulates.
  virtual Nanoseconds now() const { return monotonic_now(); }

  /// Whether now() is virtual: nothing takes real time, and a large world runs on a small machine.
  virtual bool virtual_time() const { return false; }

  /// Whether now() may differ between ranks that are said to be on one host: where the transport simulates that.
  virtual bool clocks_differ() const { return false; }

  /// How long a compute step of `planned` ns keeps this rank; longer where the transport simulates a late rank.
  virtual Nanoseconds compute_time(Nanoseconds planned) const { return planned; }

  /// Whether messages carry their bytes. A simulating transport may move none (then nothing can be checked), but those
  /// of kLongestSignal bytes and less, with which ranks agree on times.
  virtual bool carries_data() const { return true; }
  /// Spares a transport in virtual time, which takes no more of it with bytes than without, the work of moving those
  /// that this rank sends from now on, or asks for it again where carries_data() was true at first. Others always move
  /// them. All ranks alike, between two executions.
  virtual void carry_data(bool) {}

  /// Empty where native() can serve the call, else a sentence.
  virtual std::string refuses_native(const Call& call) const;
  /// The library's own collective, blocking. `in` and `out` as Call describes them (in == out base when in place).
  virtual void native(const Call& call, const std::byte* in, std::byte* out);

 private:
  int rank_;
  int ranks_;
};

}  // namespace weft
