#pragma once
// How much of an archive there is of each scanner, month, site and so on.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"

namespace mi2::archive {

inline constexpr std::array<std::string_view, 6> kCountFields{"modality", "body_part", "site",
                                                              "station",  "month",     "manufacturer"};

/// What has the same values of all fields.
struct CountedGroup {
  std::vector<std::string> values;  ///< of the fields; empty where an image has none
  std::uint64_t images = 0;
  std::size_t series = 0, studies = 0, patients = 0;  ///< that are known and have an image in the group
};

/// Of live images, by the fields' values in their order.
/// @param by     some of kCountFields, and label.KEY: the value of a label, several of them with " | " between.
/// @param where  only what it lets by.
/// @throws Error{kBadArgument} for another field, or none; as Catalog::each_value() and Reader::allowed().
std::vector<CountedGroup> count_by(Reader& archive, const std::vector<std::string>& by,
                                   const std::optional<filter::Expr>& where);

}  // namespace mi2::archive
