#pragma once
// A head: an adapter that was trained on labelled items of an archive, with what it was made of and what it is worth.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocols/json.hpp"

namespace mi2::protocols::archives {

inline constexpr int kHeadFormat = 1;
inline constexpr std::size_t kMostLabelled = 2000;
inline constexpr std::size_t kMostHeadLabels = 32;
/// Bytes of a label, and of a head's name.
inline constexpr std::size_t kMostLabelBytes = 200;
inline constexpr std::size_t kMaxHeadBytes = std::size_t{8} << 20;

struct LabelledItem {
  std::uint64_t item = 0;
  std::string label;

  friend bool operator==(const LabelledItem&, const LabelledItem&) = default;
};

struct Head {
  std::string id;       ///< 32 hexadecimal digits
  std::string archive;  ///< archive::Format::id
  std::string rows;     ///< EXPR: all that whoever trained it could see; empty: every row
  std::string name;     ///< what people call it; may be empty
  std::string made_at;  ///< "2020-01-31T12:00:00Z"
  std::int64_t snapshot = 0;
  std::vector<LabelledItem> items;  ///< by their numbers
  Json report;                      ///< `mi2 adapter train --format json`
};

/// Whether a text is what ids look like. Only such a text may become the name of a file.
bool is_head_id(std::string_view text) noexcept;

/// What is kept.
std::string to_json(const Head& head);
/// @param name  what errors call the text.
/// @throws Error{kBadFile} naming the place, for what is no head of this version; {kTooLarge}.
Head parse_head(std::string_view text, std::string_view name);

}  // namespace mi2::protocols::archives
