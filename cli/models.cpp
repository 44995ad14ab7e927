#include "cli/models.hpp"

#include <cstdlib>
#include <filesystem>

namespace weft::cli {

namespace {

std::string data_directory(const char* variable, const char* name, const char* of_sources) {
  namespace fs = std::filesystem;
  if (const char* const named = std::getenv(variable); named != nullptr) return named;
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed = program.parent_path().parent_path() / "share" / "weft" / name;
  return fs::is_directory(installed, ignored) ? installed.string() : of_sources;
}

}  // namespace

std::string models_directory() { return data_directory("WEFT_MODELS", "models", WEFT_SOURCE_MODELS); }

std::string fabrics_directory() { return data_directory("WEFT_FABRICS", "fabrics", WEFT_SOURCE_FABRICS); }

std::string layouts_directory() { return models_directory() + "/layouts"; }

}  // namespace weft::cli
