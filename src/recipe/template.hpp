#pragma once
// Texts with columns in them: "age {age} months".

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "recipe/rows.hpp"

namespace mi2::recipe {

class Template {
 public:
  /// @throws Error{kBadFile} for a brace that is not closed, or a column that rows do not have.
  Template(std::string_view text, const Rows& rows);
  /// Where a recipe names a column, it may also give a text with columns in it.
  static Template of_column(std::string_view name_or_text, const Rows& rows);

  /// The columns that of_column() would need.
  static std::vector<std::string> columns_in(std::string_view name_or_text);

  [[nodiscard]] std::string text(const Row& row) const;

 private:
  std::vector<std::string> texts_;  ///< one more than columns
  std::vector<std::size_t> columns_;
};

}  // namespace mi2::recipe
