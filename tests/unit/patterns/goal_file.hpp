#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace weft {

/// A GOAL file that is gone with the object.
class GoalFile {
 public:
  explicit GoalFile(const std::string& text) {
    static int number = 0;
    path_ = std::filesystem::path(testing::TempDir()) /
            ("weft-" + std::to_string(::getpid()) + "-" + std::to_string(number++) + ".goal");
    std::ofstream(path_, std::ios::binary) << text;
  }
  GoalFile(const GoalFile&) = delete;
  GoalFile& operator=(const GoalFile&) = delete;
  ~GoalFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace weft
