#pragma once
// Where a command over many images finds them, and whether it keeps its work until the result is whole.

#include <string>
#include <string_view>
#include <vector>

#include "progress.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mi2::cli {

struct InputArguments {
  const CLI::Option* paths = nullptr;
  std::string files_from;
  bool resume = false;
  bool restart = false;
  bool force = false;
};

/// Declares PATHs, --files-from, --resume, --restart and --force. `arguments` outlives the App.
void add_input_arguments(CLI::App& command, InputArguments& arguments);

/// The PATHs, then those of --files-from: of a *.csv its path column, relative to its folder; of any other file or of
/// "-" one per line, or, where it holds a byte of zero, one up to each zero.
/// @throws as base::Table::read and read_text_file; Error{kBadArgument} for a list without a path.
std::vector<std::string> gather_paths(const InputArguments& arguments);

/// After inputs have failed: says what to write if one of `paths` is no file but reads like a text or an address.
/// @param texts  the option that takes texts: "--text".
void explain_paths(const std::vector<std::string>& paths, std::string_view texts, Progress& progress);

/// Says what to write if one of `texts` is also the name of a file: the text is that name, and not what is in the file.
/// @param files  where files go: "--image".
void explain_texts(const std::vector<std::string>& texts, std::string_view files, Progress& progress);

/// The part of a help text about them.
inline constexpr const char* kInputHelp = R"(Many inputs:
  --files-from FILE lists paths: one per line, - for standard input (find -print0 works too), or
  a *.csv with a column path, file, image, name, filename or input.
  With --out FILE, what is computed is kept in FILE.part until FILE is whole. After a kill or
  Ctrl-C the same command goes on where it stopped; other inputs, another model or other
  options are refused, and --restart starts over. An existing FILE is replaced only with --force.
)";

}  // namespace mi2::cli
