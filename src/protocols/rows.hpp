#pragma once
// Tables of images and texts, in every form that clients of Azure ML and MLflow send them.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/table.hpp"
#include "protocols/json.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols {

/// Where the two sides of a row are in a Work; at least one is there.
struct Row {
  std::optional<std::size_t> image;
  std::optional<std::size_t> text;
};
using Rows = std::vector<Row>;

/// Where a CSV has the two sides of a row; at least one is there.
struct SideColumns {
  std::optional<std::size_t> image;
  std::optional<std::size_t> text;
};
/// The columns of a table with image, text or both, in any case and order; others are passed over.
/// @throws Error{kBadFile} if there is neither.
SideColumns side_columns(const base::Table& table);

/// What a column holds: a side of the rows, or what is passed over.
enum class Column { kImage, kText, kOther };

/// Reads the tables of one request into `work`. Rows are counted from 1 in messages. A side that is absent, null or ""
/// is missing; a row without both is refused, since no answer could be told from another. A text may be a number or a
/// boolean. Columns and members of other names are passed over, as the hosted model does. What is read is moved from.
/// All throw Error{kBadArgument} naming the row or column, and what WorkBuilder throws.
class RowReader {
 public:
  /// @param texts_allowed  false: a text is refused (a classifier takes none).
  explicit RowReader(WorkBuilder& work, bool texts_allowed = true) : work_(work), texts_allowed_(texts_allowed) {}

  /// {"columns": ["image", "text"], "index": [..], "data": [[..], ..]}: columns in any order or only one, index of any
  /// values and absent or as long as the data; a row may also be an object, or, of one column, the value itself.
  Rows split(Json& table, std::string_view name);
  /// [{"image": .., "text": ..}, ..]; with `lists_allowed` also [image, text] lists.
  Rows records(Json& rows, std::string_view name, bool lists_allowed = false);
  /// {"image": [..], "text": [..]}, of the same length; a lone value stands for a list of one.
  Rows columns(Json& table, std::string_view name);
  /// {"image": .., "text": ..}, row `number` of its table.
  Row record(Json& row, std::size_t number);
  /// One row of either side's text, as CSV has it; empty is missing.
  Row row(std::string image, std::string text, std::size_t number);

 private:
  Row list_row(Json& row, const std::vector<Column>& columns, std::size_t number);
  Row value_row(Json& value, const std::vector<Column>& columns, std::size_t number);
  Row pair_row(Json* image, Json* text, std::size_t number);

  WorkBuilder& work_;
  bool texts_allowed_;
};

}  // namespace mi2::protocols
