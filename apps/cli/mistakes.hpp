#pragma once
// What is wrong with a command line, in words that help.

#include <string>

#include <CLI/CLI.hpp>

namespace mi2::cli {

/// One line about a command line that the parser refused: what it was given, and what was probably meant.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace mi2::cli
