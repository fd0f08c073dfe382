#pragma once
// Cells of a workbook's sheet. Inside the room alone.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pugixml.hpp>

namespace mi2::recipe {

struct CellPlace {
  std::uint32_t row = 0;     ///< from 1
  std::uint32_t column = 0;  ///< from 0
};

/// Of "C5"; nothing if it is none of a sheet of 1048576 rows and 16384 columns.
std::optional<CellPlace> parse_place(std::string_view reference) noexcept;

/// 0 is "A", 26 "AA".
std::string column_letters(std::uint32_t column);

/// "131.50" is "131.5", "2.4E1" is "24"; nothing if it is no finite number.
std::optional<std::string> plain_number(std::string_view text);

/// The text of an <is> or <si>: its <t>, or those of its runs, with "_x000D_" as the character that it stands for.
std::string rich_text(const pugi::xml_node& node);

/// What a <c> shows. @returns nothing if its value is none of its type.
std::optional<std::string> cell_text(const pugi::xml_node& cell, const std::vector<std::string>& shared);

}  // namespace mi2::recipe
