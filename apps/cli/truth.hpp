#pragma once
// What is known of pictures: a CSV with a path and a label a row.

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::cli {

/// Which of a table's columns and rows count.
struct TruthOptions {
  std::string column;  ///< holds the label; empty: base::kLabelColumn
  std::string split;   ///< rows whose column "split" is another do not count; empty: all do
};

class Truth {
 public:
  /// Columns are those of base/table.hpp; relative paths start at the table's folder.
  /// @throws Error{kBadFile} as Table::read, for a column that is missing, an empty path or label, or a path that is a
  /// duplicate;
  ///         {kBadArgument} if no row is left; what read_text_file throws.
  Truth(const std::string& path, const TruthOptions& options);

  /// Every row's picture, in order.
  [[nodiscard]] const std::vector<std::string>& paths() const noexcept { return paths_; }

  /// The index in `labels` of each picture's label; nothing for a picture the table does not name. A picture is named
  /// by its path as the table spells it, or by any path to the same file.
  /// @throws Error{kBadArgument} for a label that is not one of `labels`, or if no picture is named.
  [[nodiscard]] std::vector<std::optional<std::size_t>> label_indices(std::span<const std::string> pictures,
                                                                      std::span<const std::string> labels) const;

 private:
  struct Row {
    std::size_t line;
    std::string label;
  };
  [[nodiscard]] const Row* find(const std::string& picture) const;

  std::string name_;
  std::vector<std::string> paths_;
  std::vector<Row> rows_;
  std::map<std::string, std::size_t> by_path_;  ///< as spelled, and as the file system has it -> row
};

}  // namespace mi2::cli
