#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/ending_signals.hpp"
#include "core/units.hpp"

namespace weft::cli {

struct ProcessRequest {
  std::vector<std::string> words;   ///< the program, sought on PATH, and its arguments
  std::filesystem::path directory;  ///< where it runs
  std::filesystem::path log;        ///< gets its stdout and stderr, begun anew; empty: they are this process's
  Nanoseconds timeout = 0;          ///< after which it is ended; 0: none
};

struct ProcessResult {
  int exit_code = 0;  ///< 128 + signal where one ended it; 127 where it could not be started (the log says why)
  bool timed_out = false;
  int interrupted = 0;  ///< the signal that this process got meanwhile and passed on; 0: none
};

/// Runs a program in a process group of its own and waits for it. A guard, a process between, does the waiting, so that
/// the program ends also where this process is killed. Whoever must end (a signal, the time-out, this process gone)
/// gets the signal with its group first, and is killed ten seconds later, or at a second signal. When the program has
/// ended, what it left behind is ended too: nothing that it started outlives this call, whatever group or session it is
/// in. Single-threaded callers only; makes this process adopt orphans below it (PR_SET_CHILD_SUBREAPER). Throws
/// std::system_error where no process can be made.
ProcessResult run_guarded(const ProcessRequest& request, const EndingSignals& signals);

/// The path of a program as execvp would find it, seen from a directory; empty where there is none.
std::string find_program(const std::string& name, const std::filesystem::path& directory);

}  // namespace weft::cli
