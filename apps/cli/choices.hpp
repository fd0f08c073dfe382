#pragma once
// Options whose value is one of a few words, or a number of a range.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace mi2::cli {

/// Takes one of `words`, and refuses another by "expected A, B or C, got X", with the word that was probably meant. To
/// be given to an option's transform().
/// @param spelled  a word as `words` has it, of whatever spelling; default: in small letters.
CLI::Validator one_of(std::vector<std::string> words, std::function<std::string(std::string_view)> spelled = {});

/// Takes a number from `low` to `high`. Not NaN, which CLI::Range lets by: it is neither below nor above.
CLI::Validator number_in(double low, double high);

}  // namespace mi2::cli
