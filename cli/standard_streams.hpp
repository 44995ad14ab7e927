#pragma once

namespace weft::cli {

/// Opens those of standard input, output and error that are closed (`weft run >&-`) on /dev/null: else the next file to
/// be opened, one of results, would get the number of such a stream, and what is printed would land in it.
void open_closed_streams();

/// Writes out what was printed. Throws std::system_error where that cannot be, or could not be before.
void flush_standard_output();

}  // namespace weft::cli
