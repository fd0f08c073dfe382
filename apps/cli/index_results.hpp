#pragma once
// Lists of results from an archive: where they go, how they are written, and what they are of.

#include <string>

#include "archive/catalog.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace mi2::cli {

struct ResultArguments {
  std::string format;  ///< empty: as the name of `out` says, else a table
  std::string out;
  bool force = false;
};

/// Declares --format, --out and --force. `arguments` outlives the App. @param more  a further word of --format.
void add_result_arguments(CLI::App& command, ResultArguments& arguments, const std::string& more = {});
/// Declares --threads, of a command that compares vectors without a model.
void add_comparing_threads(CLI::App& command, unsigned& threads);

/// Before any work is done for them.
/// @returns "table", "jsonl", "csv", or the further word. @throws as result_format() and check_is_new().
std::string check_results(const ResultArguments& arguments);

/// For a cell of a table: "-" for nothing, and nothing that a terminal would obey.
std::string or_dash(const std::string& text);
/// What an image, series or study is called in a table: its path with the frame, else its UID.
std::string name_of(const archive::ItemFacts& item);

}  // namespace mi2::cli
