#include "cli/command_line_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.hpp"

namespace weft::cli {

namespace {

std::string explain_subcommand(const CLI::App& app, std::span<char* const> words) {
  std::vector<std::string> known;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(subcommand->get_name());
  if (words.empty() || *words.front() == '-') return "a subcommand is needed first: " + join(known, ", ");
  return unknown_name("subcommand", words.front(), known);
}

std::string explain_count(const CLI::App& command, const std::string& last_word) {
  const CLI::Option* const last = last_word.starts_with('-') ? command.get_option_no_throw(last_word) : nullptr;
  if (last != nullptr && last->get_items_expected_max() > 0) return fmt::format("{}: a value is missing", last_word);
  for (const CLI::Option* option : command.get_options())
    if (option->get_items_expected_max() == 1 && option->results().size() > 1)
      return fmt::format("{}: is given {} times, with '{}': once is right", option->get_name(),
                         option->results().size(), fmt::join(option->results(), "' and '"));
  return {};
}

std::string explain_unknown_flag(const CLI::App& command) {
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options())
    if (!option->get_lnames().empty()) known.push_back("--" + option->get_lnames().front());
  for (const std::string& word : command.remaining()) {
    if (!word.starts_with('-')) continue;
    const std::string nearest = nearest_name(word, known);
    return fmt::format("unknown flag '{}'{}", word,
                       nearest.empty() ? "" : fmt::format(": did you mean '{}'?", nearest));
  }
  return {};
}

}  // namespace

std::string explain(const CLI::App& app, const CLI::ParseError& error, std::span<char* const> words) {
  if (app.get_subcommands().empty()) return explain_subcommand(app, words) + " (see weft --help)";
  const CLI::App& command = *app.get_subcommands().front();
  std::string sentence;
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) sentence = explain_count(command, words.back());
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) sentence = explain_unknown_flag(command);
  return fmt::format("{} (see weft {} --help)", sentence.empty() ? error.what() : sentence, command.get_name());
}

}  // namespace weft::cli
