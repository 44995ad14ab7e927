#pragma once

namespace weft::ucx {

/// What UCX took of this process when it was loaded is given back: SIGHUP, with which it switches its log even where
/// nohup has the process ignore it, and the signals of errors, of which it would print a backtrace first, in which time
/// a rank looks as if it had left. And a message to a peer that is gone fails, where UCX would abort this rank too.
/// Once, before any rank opens the transport.
void prepare_library();

}  // namespace weft::ucx
