#pragma once

#include <string>

namespace weft::cli {

/// Where the named models lie: WEFT_MODELS where set, else share/weft/models beside the installed program, else models/
/// of the source tree it was built from.
std::string models_directory();

/// Where the named layouts lie: layouts/ in there.
std::string layouts_directory();

/// Where the named fabrics lie: WEFT_FABRICS where set, else share/weft/fabrics or fabrics/, as with models.
std::string fabrics_directory();

}  // namespace weft::cli
