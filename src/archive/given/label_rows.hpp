#pragma once
// Labels as people write them: a table with a line for each label, or with a column for each key.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <mi2/error.hpp>

#include "archive/labels.hpp"
#include "base/table.hpp"

namespace mi2::archive::given {

/// What each column of a row is.
struct LabelColumns {
  NamedBy by = NamedBy::kStudy;
  std::size_t thing = 0;
  std::optional<std::size_t> key, value, score;  ///< with a key a row is one label
  std::vector<std::size_t> keys;                 ///< else these columns are keys
  std::vector<std::size_t> unused;
};

/// Rows name a thing by one of the columns study, series, image (a SOP instance UID), item and path, or by DICOM's
/// names of these. With columns key and value each row is a label; else every other column is a key, and each of its
/// cells a value that is not empty.
class LabelRows {
 public:
  /// @param source  what errors call the rows.  @param fault  the code of what is wrong with them.
  LabelRows(std::string source, Code fault);

  /// @throws Error{fault} naming the line, and never what it says; {kTooLarge} over a limit.
  void add(const base::Table& table);
  /// Of an object whose members are columns. @param line  from 1.  @throws as above.
  void add(const nlohmann::json& row, std::size_t line);

  [[nodiscard]] const GivenLabels& given() const noexcept { return given_; }
  /// For people: which columns were what.
  [[nodiscard]] std::string form() const;
  /// Columns that nobody looks at.
  [[nodiscard]] const std::set<std::string>& unused() const noexcept { return unused_; }

 private:
  [[noreturn]] void refuse(std::size_t line, std::string_view what) const;
  [[nodiscard]] LabelColumns columns_of(std::span<const std::string> header, std::size_t line);
  void add_row(const LabelColumns& columns, std::span<const std::string> header, std::span<const std::string> fields,
               std::size_t line);
  void add_label(std::size_t thing, std::string_view key, std::string_view value, std::optional<double> score,
                 std::size_t line);
  [[nodiscard]] std::size_t thing_of(NamedBy by, std::string_view name, std::size_t line);
  [[nodiscard]] std::size_t key_of(std::string_view key, std::size_t line);

  std::string source_;
  Code fault_;
  GivenLabels given_;
  std::unordered_map<std::string, std::size_t> things_;
  std::unordered_map<std::string, std::size_t> keys_;
  std::set<std::string> unused_;
  bool is_long_ = false;
  bool is_wide_ = false;
};

/// Of a file: .jsonl, an object per line, or CSV. @throws as base::read_text_file() and LabelRows::add().
LabelRows read_labels(const std::filesystem::path& path);

/// LabelOptions::find_paths of a file: a path belongs to an object as rows of tables of labels belong to files, by the
/// file itself or else by the longest end of its path.
/// @param folder  where relative paths start.  @param source  as LabelRows.
std::function<std::vector<std::vector<Id>>(Catalog&, std::span<const LabelledThing>)> paths_from(
    std::filesystem::path folder, std::string source);

}  // namespace mi2::archive::given
