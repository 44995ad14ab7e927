#include "results/details.hpp"

#include <fmt/format.h>

#include "core/csv.hpp"
#include "core/error.hpp"

namespace weft {

void with_details(const std::filesystem::path& path, const std::function<void(nlohmann::json& points)>& use) {
  if (!std::filesystem::exists(path)) return;
  nlohmann::json details = nlohmann::json::parse(read_text(path), nullptr, false);
  if (details.is_discarded()) throw UsageError(fmt::format("{}: is no JSON, or cut in the middle", path.string()));
  try {
    use(details.at("points"));
  } catch (const nlohmann::json::exception&) {
    throw UsageError(fmt::format("{}: is not what weft run writes", path.string()));
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace weft
