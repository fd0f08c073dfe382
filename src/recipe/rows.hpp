#pragma once
// The table that a recipe makes of a dataset, while it is made.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::recipe {

struct Row {
  std::uint32_t source = 0;  ///< of Rows::source: where it was read
  std::size_t line = 0;      ///< of that file, from 1; 0: the file itself
  std::vector<std::string> fields;
};

/// Rows with named columns. Columns may be added at any time; the others keep their places.
class Rows {
 public:
  /// The column of that name, added if there is none: empty in every row.
  std::size_t column(std::string_view name);
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  /// @throws Error{kBadFile} naming the columns there are.
  [[nodiscard]] std::size_t need(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }

  /// Where rows come from, as messages call it. @returns Row::source.
  std::uint32_t source(std::string name);
  /// "file.csv: line 7".
  [[nodiscard]] std::string where(const Row& row) const;

  /// An empty row at the end, to be filled; the reference holds until the next.
  Row& add(std::uint32_t source, std::size_t line = 0);
  [[nodiscard]] std::vector<Row>& all() noexcept { return rows_; }
  [[nodiscard]] const std::vector<Row>& all() const noexcept { return rows_; }

 private:
  std::vector<std::string> columns_;
  std::vector<std::string> sources_;
  std::vector<Row> rows_;
};

}  // namespace mi2::recipe
