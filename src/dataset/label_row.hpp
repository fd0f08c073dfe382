#pragma once
// One line of a label file.

#include <cstddef>
#include <string>
#include <string_view>

namespace mi2::dataset {

inline constexpr std::size_t kMaxLabelRowBytes = std::size_t{1} << 20;

struct LabelRow {
  std::string_view name;   ///< of the image; part of the line
  std::string class_name;  ///< UTF-8, not empty
};

/// `name<TAB>class`, or `name<TAB>{"class_name": "...", ...}`, where further members (class_id, source, task) are
/// passed over: a class is what its name says, in all sources.
/// @param where  what errors call the line.
/// @throws Error{kBadFile} without a tab, a name or a class, or if it is not UTF-8 or not JSON; {kTooLarge} over
///         kMaxLabelRowBytes. The message never holds the line.
LabelRow parse_label_row(std::string_view line, std::string_view where);

/// The part of a row before its first tab, and the part after it.
/// @throws Error{kBadFile} without a tab or with nothing before it.
struct NamedRow {
  std::string_view name;
  std::string_view value;
};
NamedRow split_row(std::string_view line, std::string_view where);

}  // namespace mi2::dataset
