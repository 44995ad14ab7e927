#pragma once

#include <memory>
#include <vector>

#include "transports/communicator.hpp"
#include "transports/tcp/wire.hpp"

namespace weft::tcp {

/// A send, a receive, or what arrived before its receive; recycled.
struct Operation {
  Operation* next = nullptr;          ///< of the queue it is in, or the free ones
  Operation* next_of_body = nullptr;  ///< of the queue that its body is in: a send's head and body wait apart
  std::uint32_t self = 0;             ///< this operation's own token
  bool receives = false;              ///< a receive that is posted and not complete
  std::uint16_t channel = 0;
  int peer = 0;
  Pending* pending = nullptr;
  const std::byte* from = nullptr;  ///< send
  std::byte* into = nullptr;        ///< receive
  const std::byte* with = nullptr;
  Reduction reduction;
  Bytes bytes = 0;               ///< length of the message
  Bytes left = 0;                ///< of it, what has yet to be sent or to arrive
  Bytes offset = 0;              ///< send: where the next piece begins
  std::uint32_t token = 0;       ///< send: the receive that awaits the body
  int unconfirmed = 0;           ///< send: calls without a copy that the kernel may still read from
  std::byte* aside = nullptr;    ///< came early: a place of kWhole bytes for its head or all of it
  Operation* claimed = nullptr;  ///< came early: the receive that waits for the rest of the head
};

/// First in, first out, linked by `link`.
template <Operation* Operation::*link>
class Queue {
 public:
  bool empty() const { return head_ == nullptr; }
  Operation* front() const { return head_; }

  void push(Operation* operation) {
    operation->*link = nullptr;
    (tail_ != nullptr ? tail_->*link : head_) = operation;
    tail_ = operation;
  }
  Operation* pop() {
    Operation* const first = head_;
    head_ = first->*link;
    if (head_ == nullptr) tail_ = nullptr;
    return first;
  }

 private:
  Operation* head_ = nullptr;
  Operation* tail_ = nullptr;
};

using Line = Queue<&Operation::next>;
using BodyLine = Queue<&Operation::next_of_body>;

/// All operations of a rank, and memory for the heads of messages that came early. The last one back is the first out
/// again, as it is still in the cache. Grows by slabs, of which a page is real once it is written.
class Pool {
 public:
  Pool();
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// With `bytes` of the message, and all else as new. Throws TransportError where there is no memory.
  Operation* acquire(int peer, int channel, Bytes bytes);
  void release(Operation* operation);
  /// With memory for a head. Throws TransportError where there is none.
  Operation* acquire_aside(int peer, int channel, Bytes bytes);
  void release_aside(Operation* operation);

  /// Null where no operation has this token.
  Operation* find(std::uint32_t token) const;

 private:
  void add_operations();
  void add_memory();

  std::vector<std::unique_ptr<Operation[]>> slabs_;
  std::vector<void*> mappings_;
  std::vector<std::byte*> free_memory_;
  Operation* free_ = nullptr;
};

}  // namespace weft::tcp
