#pragma once

#include <string>

#include "measure/trace.hpp"
#include "results/record.hpp"

namespace weft::cli {

/// The file of `--trace`, in the Trace Event Format that Perfetto and chrome://tracing read: a process for each rank of
/// each point, a thread for each lane, a slice for each step, and an arrow for each message from its send to the wait
/// at which it had arrived. It is valid JSON after every call, so that a run that is cut off leaves what was traced.

/// Throws UsageError where there is something that is no file, or no folder to make one in, where `out`, the run folder
/// that is to be made, would be there or below, or where it is in that folder or in `resumed`, the one that is
/// continued (both may be empty). Changes nothing.
void check_trace_file(const std::string& path, const std::string& out, const std::string& resumed);

/// Makes the file, before any rank starts; one that is there is replaced. Throws UsageError where that cannot be.
void create_trace_file(const std::string& path);

/// Adds a point behind those that are in the file. Throws std::system_error naming the file.
void add_to_trace_file(const std::string& path, const Record& record, const Trace& trace);

}  // namespace weft::cli
