#pragma once
// Workbooks as spreadsheets write them (ECMA-376), read as tables of text.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/csv.hpp"

namespace mi2::recipe {

inline constexpr std::uint64_t kMaxXlsxBytes = 64U << 20;
/// Of a whole sheet: what a sheet says twice counts twice.
inline constexpr std::size_t kMaxSheetText = 64U << 20;
inline constexpr std::size_t kMaxSheetCells = 1U << 22;

/// The first sheet of a workbook. Its first row that holds anything is the header, and a row that holds nothing is
/// none; CsvRow::line is the row's number in the sheet. A column without a header is called "(column C)".
///
/// A number is what it is worth, shortly: 24 and 131.5, whatever its format shows; a truth is TRUE or FALSE; a formula
/// is its stored value. Of merged cells the first has the value. Furigana are left out.
/// @throws Error{kNotFound}; {kBadFile} naming the cell where there is one; {kUnsupported} for what other programs
///         write (.xls, .xlsb, .ods, a password); {kTooLarge} over the limits.
base::CsvTable read_xlsx(const std::filesystem::path& path);

/// The same of a file in memory. @param name  what errors call it.
base::CsvTable parse_xlsx(std::span<const std::byte> bytes, std::string_view name);

}  // namespace mi2::recipe
