#pragma once
// A table of what images are: a column for each field of filters that it has.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/survey.hpp"
#include "base/table.hpp"

namespace mi2::archive::given {

/// Columns are called as the fields of filters are; those of no field are passed over.
class FactsTable {
 public:
  /// @throws as base::Table::read; Error{kBadFile} without a row, or without a column that counts.
  static FactsTable read(const std::filesystem::path& path);
  /// Of a text. @param name  what errors call it.
  static FactsTable parse(std::string_view text, std::string_view name);

  [[nodiscard]] const std::string& name() const noexcept { return table_.name(); }
  [[nodiscard]] std::size_t rows() const noexcept { return table_.rows().size(); }
  /// Where relative paths start; empty: the working folder.
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  /// Columns that nobody looks at.
  [[nodiscard]] const std::vector<std::string>& unused() const noexcept { return unused_; }

  /// Whether rows say what they are of, by a path or an identifier.
  [[nodiscard]] bool named() const noexcept { return name_.has_value(); }
  /// @throws Error{kBadFile} for an empty name, {kTooLarge} for one over 4096 bytes.
  [[nodiscard]] const std::string& name_of(std::size_t row) const;
  [[nodiscard]] std::size_t line_of(std::size_t row) const { return table_.rows()[row].line; }
  /// From 1; 0: the row names none. @throws Error{kBadFile}.
  [[nodiscard]] std::uint64_t frame_of(std::size_t row) const;
  /// @throws Error{kBadFile}.
  [[nodiscard]] std::optional<double> position_of(std::size_t row) const;
  /// By which rows of one study lie together.
  [[nodiscard]] std::string study_of(std::size_t row) const;
  /// The row as it is, to notice that it is another one now.
  [[nodiscard]] std::string text_of(std::size_t row) const;
  /// That without where its frame lies: what it says of the image.
  [[nodiscard]] std::string facts_of(std::size_t row) const;

  /// Adds to what is known what the row says and nothing says yet.
  /// @param key  as Writer::key().
  /// @returns whether it says what a series, a study or a patient has.
  /// @throws Error{kBadFile} naming the line and the column.
  bool fill(std::size_t row, const SurveyOptions& options, const std::string& key, ObjectFacts& facts) const;

 private:
  explicit FactsTable(base::Table table);
  [[nodiscard]] std::string_view value(std::size_t row, std::optional<std::size_t> column) const;
  [[noreturn]] void refuse(std::size_t row, std::size_t column, std::string_view expected) const;
  [[nodiscard]] std::string checked(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::optional<double> number(std::size_t row, std::size_t column) const;
  void fill_patient(std::size_t row, const SurveyOptions& options, const std::string& key, ObjectFacts& facts) const;

  base::Table table_;
  std::filesystem::path folder_;
  std::vector<std::string> unused_;
  std::optional<std::size_t> name_, patient_, frame_, position_, study_;
  std::vector<std::pair<std::size_t, std::size_t>> fields_;  ///< a column, and which field it is
};

}  // namespace mi2::archive::given
