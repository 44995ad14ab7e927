#include "cli/models.hpp"

#include <cstdlib>
#include <filesystem>

namespace weft::cli {

std::string models_directory() {
  namespace fs = std::filesystem;
  if (const char* const named = std::getenv("WEFT_MODELS"); named != nullptr) return named;
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed = program.parent_path().parent_path() / "share" / "weft" / "models";
  return fs::is_directory(installed, ignored) ? installed.string() : WEFT_SOURCE_MODELS;
}

std::string layouts_directory() { return models_directory() + "/layouts"; }

}  // namespace weft::cli
