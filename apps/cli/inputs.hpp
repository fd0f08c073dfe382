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

/// A label per line. @throws as base::read_list.
std::vector<std::string> read_labels(const std::string& path);

}  // namespace mi2::cli
