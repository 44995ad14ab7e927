#include "worlds/fibers/stackful.hpp"

#include <cstdlib>
#include <cstring>

#include <boost/context/protected_fixedsize_stack.hpp>
#include <cxxabi.h>

// The sanitizers' interface for programs that switch stacks (sanitizer/common_interface_defs.h, asan_interface.h,
// tsan_interface.h). Weak: null in a program without the sanitizer, so that one source serves all builds.
extern "C" {
// NOLINTBEGIN(readability-identifier-naming)
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom, std::size_t* size);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* from, std::size_t size);
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_destroy_fiber(void* fiber);
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
// NOLINTEND(readability-identifier-naming)
}

namespace weft {

namespace {

using boost::context::protected_fixedsize_stack;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

}  // namespace

Stackful::Stackful() : stack_(protected_fixedsize_stack(kStackBytes).allocate()) {
  inside_ = make_fcontext(stack_.sp, stack_.size, &Stackful::start);
  if (__tsan_create_fiber != nullptr) thread_inside_ = __tsan_create_fiber(0);
}

Stackful::~Stackful() {
  if (thread_inside_ != nullptr) __tsan_destroy_fiber(thread_inside_);
  // Its first frames never return, so what lies around their variables would stay forbidden to whoever gets this
  // memory.
  if (__asan_unpoison_memory_region != nullptr) __asan_unpoison_memory_region(bottom(), stack_.size);
  protected_fixedsize_stack(kStackBytes).deallocate(stack_);
}

void Stackful::enter(void (*entry)(void*), void* argument) {
  entry_ = entry;
  argument_ = argument;
  swap_exceptions();
  void* fake_stack = nullptr;
  if (__sanitizer_start_switch_fiber != nullptr) __sanitizer_start_switch_fiber(&fake_stack, bottom(), stack_.size);
  if (thread_inside_ != nullptr) {
    thread_outside_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(thread_inside_, 0);
  }
  inside_ = jump_fcontext(inside_, this).fctx;
  if (__sanitizer_finish_switch_fiber != nullptr) __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
  swap_exceptions();
}

void Stackful::leave() {
  void* fake_stack = nullptr;
  jump_back(&fake_stack);
  arrive(fake_stack);
}

void Stackful::finish() {
  jump_back(nullptr);
  std::abort();  // a finished stack was entered again
}

void Stackful::start(transfer_t from) {
  auto* const self = static_cast<Stackful*>(from.data);
  self->outside_ = from.fctx;
  self->arrive(nullptr);
  self->entry_(self->argument_);
  std::abort();  // an entry returned instead of finishing
}

void Stackful::jump_back(void** fake_stack) {
  if (__sanitizer_start_switch_fiber != nullptr) __sanitizer_start_switch_fiber(fake_stack, outer_bottom_, outer_size_);
  if (thread_outside_ != nullptr) __tsan_switch_to_fiber(thread_outside_, 0);
  outside_ = jump_fcontext(outside_, nullptr).fctx;
}

void Stackful::arrive(void* fake_stack) {
  if (__sanitizer_finish_switch_fiber != nullptr)
    __sanitizer_finish_switch_fiber(fake_stack, &outer_bottom_, &outer_size_);
}

void Stackful::swap_exceptions() {
  void* const current = abi::__cxa_get_globals();
  Exceptions held;
  std::memcpy(&held, current, sizeof held);
  std::memcpy(current, &exceptions_, sizeof held);
  exceptions_ = held;
}

}  // namespace weft
