#pragma once

#include <cstddef>

#include <boost/context/detail/fcontext.hpp>
#include <boost/context/stack_context.hpp>

namespace weft {

/// A stack of its own and what belongs to it when control changes to it and back: registers (Boost.Context), the
/// exceptions being handled on it, and the sanitizers' notion of the current stack where the program has one.
class Stackful {
 public:
  static constexpr std::size_t kStackBytes = std::size_t{256}
                                             << 10;  ///< with a guard page below; committed as it is touched

  /// Throws std::bad_alloc.
  Stackful();
  ~Stackful();
  Stackful(const Stackful&) = delete;
  Stackful& operator=(const Stackful&) = delete;

  /// Continues on this stack until it leaves; the first time calls entry(argument) there, which must end in finish()
  /// and never return or throw.
  void enter(void (*entry)(void*), void* argument);

  /// Called on this stack: back to whoever entered, until entered again.
  void leave();

  /// Like leave, for the last time.
  [[noreturn]] void finish();

 private:
  /// The part of __cxa_eh_globals that the Itanium C++ ABI lays down (section 2.2.2): what std::current_exception and
  /// std::uncaught_exceptions look at. Without it a fiber that waits inside a catch block would mix its exceptions with
  /// the others'.
  struct Exceptions {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };

  static void start(boost::context::detail::transfer_t from);
  void jump_back(void** fake_stack);
  void arrive(void* fake_stack);
  void swap_exceptions();
  const void* bottom() const { return static_cast<const char*>(stack_.sp) - stack_.size; }

  boost::context::stack_context stack_;
  boost::context::detail::fcontext_t inside_ = nullptr;   ///< where this stack goes on
  boost::context::detail::fcontext_t outside_ = nullptr;  ///< where whoever entered goes on
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  Exceptions exceptions_;  ///< of whichever side is not running
  const void* outer_bottom_ = nullptr;
  std::size_t outer_size_ = 0;
  void* thread_inside_ = nullptr;  ///< ThreadSanitizer's handles
  void* thread_outside_ = nullptr;
};

}  // namespace weft
