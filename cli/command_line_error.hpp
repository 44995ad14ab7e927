#pragma once

#include <span>
#include <string>

#include <CLI/CLI.hpp>

namespace weft::cli {

/// What is wrong with the command line, in one sentence that names the word and what would be right. `words` are those
/// after the program's name.
std::string explain(const CLI::App& app, const CLI::ParseError& error, std::span<char* const> words);

}  // namespace weft::cli
