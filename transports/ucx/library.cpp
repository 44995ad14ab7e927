#include "transports/ucx/library.hpp"

#include <csignal>
#include <cstdarg>
#include <initializer_list>

#include <ucs/debug/debug.h>
#include <ucs/debug/log_def.h>

namespace weft::ucx {
namespace {

/// UCX says that a peer's memory cannot be read (the peer was killed) as a fatal message, where its endpoint has no
/// handling of errors, and aborts in saying so; unsaid, it returns the failure to the operation, which progress()
/// reports.
ucs_log_func_rc_t outlive(const char*, unsigned, const char*, ucs_log_level_t level, const ucs_log_component_config_t*,
                          const char*, va_list) {
  return level == UCS_LOG_LEVEL_FATAL ? UCS_LOG_FUNC_RC_STOP : UCS_LOG_FUNC_RC_CONTINUE;
}

}  // namespace

void prepare_library() {
  for (const int taken : {SIGHUP, SIGILL, SIGSEGV, SIGBUS, SIGFPE}) {
    struct sigaction now {};
    const bool handled = sigaction(taken, nullptr, &now) == 0 && now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN;
    if (handled) ucs_debug_disable_signal(taken);
  }
  ucs_log_push_handler(outlive);
}

}  // namespace weft::ucx
