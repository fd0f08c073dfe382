#pragma once
// From the command line's texts and labels to lists of them.

#include <string>
#include <string_view>
#include <vector>

namespace mi2::cli {

/// The texts of the command line, then those of --texts-json ("-" reads standard input; empty: no file).
/// @throws as parse_texts_json and read_file; Error{kBadArgument} for a text that is not UTF-8, by its number.
std::vector<std::string> gather_texts(std::vector<std::string> texts, const std::string& texts_json);

/// "a, b,c" -> a, b, c: commas separate, blanks around and empty labels are dropped.
std::vector<std::string> split_labels(std::string_view text);

/// The labels of an option: as split_labels, or a JSON array of strings, as over HTTP. @param option  for errors.
/// @throws Error{kBadArgument} for a list that is not JSON, an empty string in it, or what is not UTF-8.
std::vector<std::string> listed_labels(std::string_view text, const std::string& option);

/// The labels of a file: of a .json an array of strings, of a .csv its column with the label, else one per line.
/// @throws as base::read_list, base::Table::read and parse_texts_json.
std::vector<std::string> read_labels(const std::string& path);

}  // namespace mi2::cli
