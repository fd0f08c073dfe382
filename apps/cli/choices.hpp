#pragma once
// Options whose value is one of a few words, or a number of a range.

#include <cstdint>
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

/// Takes any number but NaN and infinities.
CLI::Validator any_number();

/// Takes a whole number from `low` to `high`, in decimal digits alone. What CLI11 reads by itself is -1 as 2^64 - 1,
/// 010 as 8, 0x10 as 16, and all that is too large as the largest. To be given to an option's transform().
CLI::Validator whole_number_in(std::uint64_t low, std::uint64_t high);

/// Takes any whole number of 64 bits: a seed.
CLI::Validator any_whole_number();

/// Takes a number of bytes in decimal digits, with K, M, G, T, P or E for powers of 1024 behind it, or KB, KiB and so
/// on, in any case. To be given to an option's transform().
CLI::Validator byte_count();

}  // namespace mi2::cli
