#pragma once

#include <CLI/CLI.hpp>

namespace weft::cli {

/// One subcommand: adds itself and its flags to the application. Where the command line chose it, `main` calls what its
/// callback stored in `chosen`, after parsing.
using Chosen = std::function<int()>;

void add_run(CLI::App& app, Chosen& chosen, int argc, char** argv);
void add_compare(CLI::App& app, Chosen& chosen);
void add_list(CLI::App& app, Chosen& chosen);
void add_route(CLI::App& app, Chosen& chosen);
void add_show(CLI::App& app, Chosen& chosen);
void add_verify(CLI::App& app, Chosen& chosen);
void add_history(CLI::App& app, Chosen& chosen);
void add_repeat(CLI::App& app, Chosen& chosen, int argc, char** argv);

/// How many of the words are weft's own: in `weft repeat … -- COMMAND` those before the first "--", else all.
int own_words(int argc, char* const* argv);
void add_export(CLI::App& app, Chosen& chosen);
void add_import(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_fit(CLI::App& app, Chosen& chosen);
void add_layout(CLI::App& app, Chosen& chosen);
void add_tune(CLI::App& app, Chosen& chosen);

}  // namespace weft::cli
