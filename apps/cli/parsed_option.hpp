#pragma once
// Options whose values the library reads. For sources that declare options: it includes CLI11.

#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

namespace mi2::cli {

/// An option that `parse` reads. Its message begins with the option's name, and so only lacks the dashes.
template <typename T, typename Parse>
CLI::Option* add_parsed(CLI::App& command, const std::string& name, T& value, const Parse& parse,
                        const std::string& help) {
  const auto read = [&value, parse](const std::string& text) {
    try {
      value = parse(text);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("--{}", error.what()));
    }
  };
  return command.add_option_function<std::string>(name, read, help);
}

}  // namespace mi2::cli
