#pragma once
// From suggestions of `mi2 index tags` that somebody has accepted to DICOM objects, each of which joins its study.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/push/uses.hpp"
#include "archive/push/whose.hpp"
#include "archive/reader.hpp"

namespace mi2::archive::push {

/// Suggestions that are pushed at once.
inline constexpr std::size_t kMostFixes = 100'000;

/// A suggestion of check_tags().
struct TagFix {
  std::string field;  ///< of kTagFields
  std::string tag;    ///< what the archive has; empty: none
  std::string suggested;
  double agreement = 0;       ///< 0 to 1
  std::string method;         ///< as TagAnswer::method
  std::int64_t snapshot = 0;  ///< that was judged
  std::uint64_t row = 0;
  std::string study_uid, series_uid;  ///< of the row
};

/// By what a suggestion was made.
struct TagMethod {
  std::size_t neighbours = 0;  ///< 0: an adapter
  std::string adapter;         ///< SHA-256
};
/// @throws Error{kBadArgument} for anything but "neighbours:K", K from 1 to 1000, and "adapter:" and 64 hexadecimal
///         digits.
TagMethod parse_tag_method(std::string_view text);

/// @throws Error{kBadArgument} naming the member that makes no sense, never what it holds.
void check_fix(const TagFix& fix);

/// A table of `mi2 index tags --format csv`, of which rows may be missing.
/// @throws as base::Table::parse(); Error{kBadFile} naming the line; {kTooLarge} for more than kMostFixes.
std::vector<TagFix> parse_tag_fixes(std::string_view text, std::string_view name);
/// The same of a file. @throws as base::read_text_file() too.
std::vector<TagFix> read_tag_fixes(const std::string& file);

/// Makes a structured report of each study, one at a time, in the order of the fixes. A fix is left out, with
/// Error{kBadArgument} that names no file, unless its series is in the archive, has that tag, and, if neighbours
/// suggest it, the suggested value is one that the archive has: so a report holds no text that is not the archive's or
/// an adapter's. Who the patient is comes from a file of the study, as for make_objects().
/// @returns how many fixes are of no study.
/// @throws as Column.
std::size_t make_tag_objects(Reader& archive, std::span<const TagFix> fixes, const Uses& uses);

}  // namespace mi2::archive::push
