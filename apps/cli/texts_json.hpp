#pragma once
// --texts-json: a JSON array of strings.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::cli {

inline constexpr std::uint64_t kMaxTextsJsonBytes = 64ULL << 20;
inline constexpr std::size_t kMaxTexts = 1'000'000;

/// The strings of a JSON array of strings (UTF-8, an optional byte order mark), in order.
/// @param name  what errors call the file. Errors never quote the file: texts may speak of patients.
/// @throws Error{kBadFile} for anything else, with the byte or the element at fault; {kTooLarge} over
///         kMaxTextsJsonBytes or kMaxTexts.
std::vector<std::string> parse_texts_json(std::string_view json, std::string_view name);

}  // namespace mi2::cli
