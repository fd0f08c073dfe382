#include "protocols/rows.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

namespace mi2::protocols {
namespace {

[[noreturn]] void bad(const std::string& message) { throw Error(Code::kBadArgument, message); }

std::vector<Column> read_columns(Json* columns, std::string_view name) {
  if (columns == nullptr) return {Column::kImage, Column::kText};
  need_array(*columns, fmt::format("{}.columns", name));
  std::vector<Column> found;
  for (Json& column : *columns) {
    const std::string where = fmt::format("{}.columns: column {}", name, found.size() + 1);
    const std::string text = take_string(column, where);
    const Column kind = text == "image" ? Column::kImage : text == "text" ? Column::kText : Column::kOther;
    if (kind != Column::kOther && std::find(found.begin(), found.end(), kind) != found.end()) {
      bad(fmt::format("{}: is a duplicate", where));
    }
    found.push_back(kind);
  }
  if (std::find_if(found.begin(), found.end(), [](Column kind) { return kind != Column::kOther; }) == found.end()) {
    bad(fmt::format("{}.columns: expected \"image\", \"text\" or both", name));
  }
  return found;
}

void check_index(Json* index, std::size_t rows, std::string_view name) {
  if (index == nullptr) return;
  need_array(*index, fmt::format("{}.index", name));
  if (index->size() != rows) {
    bad(fmt::format("{}.index: has {} entries for {} rows", name, index->size(), rows));
  }
}

void check_keys(const Json& object, std::initializer_list<std::string_view> known, std::string_view name) {
  std::size_t number = 0;
  for (const auto& entry : object.items()) {
    ++number;
    if (std::find(known.begin(), known.end(), entry.key()) == known.end()) {
      bad(fmt::format("{}: member {} (by name) is not known; {} are", name, number, fmt::join(known, ", ")));
    }
  }
}

/// Null unless the value holds something.
Json* present(Json* value) {
  if (value == nullptr || value->is_null()) return nullptr;
  return value->is_string() && value->get_ref<const std::string&>().empty() ? nullptr : value;
}

/// A text, or what a table's column of texts makes of a number or a boolean: Python's word for it.
std::string take_text(Json& value, std::string_view name) {
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  return value.is_number() ? value.dump() : take_string(value, name);
}

}  // namespace

SideColumns side_columns(const base::Table& table) {
  SideColumns sides;
  for (std::size_t i = 0; i < table.header().size(); ++i) {
    const std::string name = base::lower_ascii(table.header()[i]);
    if (name == "image" || name == "text") (name == "image" ? sides.image : sides.text) = i;
  }
  if (sides.image || sides.text) return sides;
  throw Error(Code::kBadFile, fmt::format("{}: expected a column image, text or both", table.name()));
}

Row RowReader::pair_row(Json* image, Json* text, std::size_t number) {
  image = present(image);
  text = present(text);
  std::string image_name = fmt::format("row {}: image", number);
  const std::string text_name = fmt::format("row {}: text", number);
  if (image != nullptr && !image->is_string()) refuse_kind(*image, image_name, "a string of base64");
  return row(image == nullptr ? std::string{} : take_string(*image, image_name),
             text == nullptr ? std::string{} : take_text(*text, text_name), number);
}

Row RowReader::row(std::string image, std::string text, std::size_t number) {
  if (image.empty() && text.empty()) bad(fmt::format("row {}: has neither an image nor a text", number));
  if (!text.empty() && !texts_allowed_) {
    bad(fmt::format("row {}: text: this model classifies images and takes no texts", number));
  }
  Row result;
  if (!image.empty()) result.image = work_.add_image(image, fmt::format("row {}: image", number));
  if (!text.empty()) result.text = work_.add_text(std::move(text), fmt::format("row {}: text", number));
  return result;
}

Row RowReader::list_row(Json& row, const std::vector<Column>& columns, std::size_t number) {
  if (row.size() != columns.size()) {
    bad(fmt::format("row {}: has {} values for {} columns", number, row.size(), columns.size()));
  }
  Json* image = nullptr;
  Json* text = nullptr;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] != Column::kOther) (columns[i] == Column::kImage ? image : text) = &row[i];
  }
  return pair_row(image, text, number);
}

Row RowReader::value_row(Json& value, const std::vector<Column>& columns, std::size_t number) {
  if (value.is_array()) return list_row(value, columns, number);
  if (value.is_object()) return record(value, number);
  if (columns.size() != 1) {
    refuse_kind(value, fmt::format("row {}", number),
                fmt::format("a list of {} values, one for each column, or an object", columns.size()));
  }
  return columns.front() == Column::kImage ? pair_row(&value, nullptr, number) : pair_row(nullptr, &value, number);
}

Row RowReader::record(Json& row, std::size_t number) {
  need_object(row, fmt::format("row {}", number));
  return pair_row(member(row, "image"), member(row, "text"), number);
}

Rows RowReader::split(Json& table, std::string_view name) {
  need_object(table, name);
  check_keys(table, {"columns", "index", "data"}, name);
  const std::vector<Column> columns = read_columns(member(table, "columns"), name);
  Json* data = member(table, "data");
  if (data == nullptr) bad(fmt::format("{}.data: is missing", name));
  need_array(*data, fmt::format("{}.data", name));
  check_index(member(table, "index"), data->size(), name);
  Rows rows;
  for (Json& row : *data) rows.push_back(value_row(row, columns, rows.size() + 1));
  return rows;
}

Rows RowReader::records(Json& list, std::string_view name, bool lists_allowed) {
  need_array(list, name);
  Rows rows;
  for (Json& row : list) {
    const std::size_t number = rows.size() + 1;
    const bool as_list = lists_allowed && row.is_array();
    rows.push_back(as_list ? list_row(row, {Column::kImage, Column::kText}, number) : record(row, number));
  }
  return rows;
}

Rows RowReader::columns(Json& table, std::string_view name) {
  need_object(table, name);
  Json* sides[] = {member(table, "image"), member(table, "text")};
  if (sides[0] == nullptr && sides[1] == nullptr) bad(fmt::format("{}: expected image, text or both", name));
  std::size_t length = 0;
  for (Json* side : sides) {
    if (side == nullptr) continue;
    if (!side->is_array()) *side = Json::array({std::move(*side)});
    length = side->size();
  }
  if (sides[0] != nullptr && sides[1] != nullptr && sides[0]->size() != sides[1]->size()) {
    bad(fmt::format("{}: image and text have {} and {} values", name, sides[0]->size(), sides[1]->size()));
  }
  Rows rows;
  for (std::size_t i = 0; i < length; ++i) {
    rows.push_back(pair_row(sides[0] == nullptr ? nullptr : &(*sides[0])[i],
                            sides[1] == nullptr ? nullptr : &(*sides[1])[i], i + 1));
  }
  return rows;
}

}  // namespace mi2::protocols
