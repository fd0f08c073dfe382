#pragma once
// Comma-separated tables as spreadsheets write them (RFC 4180).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::base {

inline constexpr std::uint64_t kMaxCsvBytes = 256ULL << 20;

/// Of a table in memory, where a field of one byte takes 32.
struct CsvLimits {
  std::size_t rows = 1U << 24;
  std::size_t fields = 1U << 25;  ///< of the header and all rows
  char delimiter = ',';
  bool short_rows = false;  ///< rows may have fewer fields than the header: the others are empty
};

struct CsvRow {
  std::size_t line = 0;  ///< of the file, from 1, where the row starts
  std::vector<std::string> fields;
};

struct CsvTable {
  std::vector<std::string> header;
  std::vector<CsvRow> rows;  ///< each with as many fields as the header
};

/// Fields between quotes may hold commas, line breaks and doubled quotes. Empty lines and a byte order mark are
/// dropped; blanks stay.
/// @param name  what errors call the table.
/// @throws Error{kBadFile} naming the line: no header, a row of another length, a quote out of place or not closed,
///         bytes that are not UTF-8; {kTooLarge} over kMaxCsvBytes or the limits.
CsvTable parse_csv(std::string_view text, std::string_view name, const CsvLimits& limits = {});

/// A field of a table, quoted if it must be; bytes that are not UTF-8 become U+FFFD.
std::string csv_field(std::string_view text);

}  // namespace mi2::base
