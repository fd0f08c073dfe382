#pragma once
// Tables with named columns, and lists with an entry per line: read by one set of rules, refused with one set of words,
// whichever command reads the file.

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/csv.hpp"

namespace mi2::base {

/// What a column may be called, in any case; of several that a table has, the first counts.
inline constexpr std::array<std::string_view, 6> kPathColumn{"path", "file", "image", "name", "filename", "input"};
inline constexpr std::array<std::string_view, 4> kLabelColumn{"label", "class_name", "class", "labels"};
inline constexpr std::array<std::string_view, 1> kSplitColumn{"split"};
/// Whose rows stay together.
inline constexpr std::array<std::string_view, 4> kGroupColumn{"patient", "patient_id", "patientid", "patient id"};
inline constexpr std::array<std::string_view, 1> kPromptColumn{"prompt"};

class Table {
 public:
  /// @param name  what errors call the table.
  /// @throws as parse_csv; Error{kBadFile} for two columns of one name, in whatever case.
  static Table parse(std::string_view text, std::string_view name, const CsvLimits& limits = {});
  /// A table that is one already. @throws Error{kBadFile} for two columns of one name, in whatever case.
  static Table of(CsvTable table, std::string_view name);
  /// As parse, of a file of at most kMaxCsvBytes. @throws as read_text_file too.
  static Table read(const std::filesystem::path& path);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::vector<std::string>& header() const noexcept { return table_.header; }
  [[nodiscard]] const std::vector<CsvRow>& rows() const noexcept { return table_.rows; }
  /// Hands the rows out; the table is left without any.
  [[nodiscard]] std::vector<CsvRow> take_rows() noexcept { return std::exchange(table_.rows, {}); }

  /// The column of the first of `names` that the table has.
  [[nodiscard]] std::optional<std::size_t> find(std::span<const std::string_view> names) const;
  [[nodiscard]] std::optional<std::size_t> find(std::string_view column) const { return find(std::span(&column, 1)); }
  /// As find. @throws Error{kBadFile} naming the columns that would do and those there are.
  [[nodiscard]] std::size_t need(std::span<const std::string_view> names) const;
  /// The column that a user named, else one of `names`. @throws as need.
  [[nodiscard]] std::size_t need(std::string_view chosen, std::span<const std::string_view> names) const;

 private:
  std::string name_;
  CsvTable table_;
};

struct ListEntry {
  std::size_t line = 0;  ///< of the file, from 1
  std::string text;
};

/// An entry per line; empty lines, blanks around entries and a byte order mark are dropped.
/// @throws as read_text_file; Error{kBadFile} for bytes that are not text in UTF-8, or without an entry.
std::vector<ListEntry> read_list(const std::filesystem::path& path);

/// @throws Error{kBadFile} naming the first byte that is not text: not UTF-8, or zero.
void require_text(std::string_view bytes, std::string_view name);

/// With the letters A to Z as small ones.
std::string lower_ascii(std::string_view text);

}  // namespace mi2::base
