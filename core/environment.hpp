#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft {

/// The environment of this process, "NAME=VALUE" each.
std::vector<std::string> process_environment();

/// The value of a variable; empty where it is not set, or set to nothing.
std::string environment_variable(const char* name);

/// The same as a whole number from `least` to `most`. Throws UsageError, which names the variable and what would be
/// right, where it is none.
int number_in_variable(const char* name, int least, int most);

/// Of variables whose names begin so, for the end of a sentence that says what a library could not do: ", with
/// UCX_TLS=tcp and UCX_LOG_LEVEL=info set"; empty where there are none.
std::string with_variables(std::string_view prefix);

}  // namespace weft
