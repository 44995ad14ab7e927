#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft {

/// One member in which two JSON values differ.
struct Difference {
  std::string key;            ///< the members' names from the outside in, joined by dots: "router.kind"
  std::string before, after;  ///< the values as compact JSON; "absent" where there is none
};

/// All in which two values differ, in the order of the keys. Objects are compared member by member; of two arrays of
/// one length the first element that differs is shown ("[3] 4"), and all else is compared as a whole.
std::vector<Difference> differences(const nlohmann::json& before, const nlohmann::json& after);

/// "max_bytes (16 then, 32 now), seed (1 then, 2 now) and 3 more".
std::string describe(const std::vector<Difference>& differences);

}  // namespace weft
