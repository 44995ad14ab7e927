#pragma once

#include <string>
#include <string_view>

namespace weft::cli {

/// Added to the help of a flag that takes such a file.
inline constexpr const char* kDashIsStandardOutput = "; - is standard output";

/// Whether a report goes to standard output, and so takes the place of what is printed there else.
bool is_standard_output(const std::string& file);

/// Writes a report where the flag says: to a file, or for "-" to standard output; nowhere if `file` is empty. Throws
/// UsageError naming the flag, the file and why it cannot be written.
void write_report(std::string_view flag, const std::string& file, const std::string& text);

}  // namespace weft::cli
