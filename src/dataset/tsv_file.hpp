#pragma once
// A tab-separated file of any size: mapped, with the place of every line known.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/files.hpp"

namespace mi2::dataset {

/// The starts of a file's lines, from the text of a line index: one decimal offset a line, rising from 0.
/// @param file_bytes  of the file that is indexed.     @param name  what errors call the index.
/// @throws Error{kBadFile} naming the line that is no such offset.
std::vector<std::uint64_t> parse_line_index(std::string_view text, std::uint64_t file_bytes, std::string_view name);

/// Rows are lines without their line break. Memory in use is 8 bytes per row: lines read are given back by release().
class TsvFile {
 public:
  /// Finds the lines: from a line index beside the file (NAME.lineidx for NAME.tsv, one decimal offset a line, as other
  /// tools write it) unless that is older than the file, else by reading it once.
  /// @throws Error{kNotFound}; {kBadFile}, also for a line index that does not fit the file; {kTooLarge} for more than
  ///         2^32 - 1 rows.
  explicit TsvFile(const std::filesystem::path& path);

  [[nodiscard]] std::size_t rows() const noexcept { return starts_.size(); }
  /// @throws Error{kBadFile} if the line index lied about this row.
  [[nodiscard]] std::string_view row(std::size_t index) const;
  /// Bytes of a row with its line break; reads nothing.
  [[nodiscard]] std::uint64_t row_bytes(std::size_t index) const noexcept { return end_of(index) - starts_[index]; }
  /// Drops a row's pages from this process's memory.
  void release(std::size_t index) const noexcept;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return file_.path(); }

 private:
  void scan();
  [[nodiscard]] std::size_t end_of(std::size_t index) const noexcept;

  base::MappedFile file_;
  std::vector<std::uint64_t> starts_;
};

}  // namespace mi2::dataset
