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

/// Whether each column is the images'; the other one is the texts'.
std::vector<bool> read_columns(Json* columns, std::string_view name) {
  if (columns == nullptr) return {true, false};
  need_array(*columns, fmt::format("{}.columns", name));
  std::vector<bool> is_image;
  for (Json& column : *columns) {
    const std::string where = fmt::format("{}.columns: column {}", name, is_image.size() + 1);
    const std::string text = take_string(column, where);
    if (text != "image" && text != "text") bad(fmt::format("{}: expected \"image\" or \"text\"", where));
    if (std::find(is_image.begin(), is_image.end(), text == "image") != is_image.end()) {
      bad(fmt::format("{}: is a duplicate", where));
    }
    is_image.push_back(text == "image");
  }
  if (is_image.empty()) bad(fmt::format("{}.columns: is empty; expected \"image\", \"text\" or both", name));
  return is_image;
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

Rows not_empty(Rows rows, std::string_view name) {
  if (rows.empty()) bad(fmt::format("{}: has no rows", name));
  return rows;
}

/// Null unless the value holds something.
Json* present(Json* value) {
  if (value == nullptr || value->is_null()) return nullptr;
  return value->is_string() && value->get_ref<const std::string&>().empty() ? nullptr : value;
}

}  // namespace

SideColumns side_columns(const base::Table& table, bool index_allowed) {
  SideColumns sides;
  for (std::size_t i = 0; i < table.header().size(); ++i) {
    const std::string name = base::lower_ascii(table.header()[i]);
    if (i == 0 && name.empty() && index_allowed) continue;
    if (name != "image" && name != "text") {
      throw Error(Code::kBadFile, fmt::format("{}: column {}: expected image or text", table.name(), i + 1));
    }
    (name == "image" ? sides.image : sides.text) = i;
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
             text == nullptr ? std::string{} : take_string(*text, text_name), number);
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

Row RowReader::list_row(Json& row, const std::vector<bool>& is_image, std::size_t number) {
  if (row.size() != is_image.size()) {
    bad(fmt::format("row {}: has {} values for {} columns", number, row.size(), is_image.size()));
  }
  Json* image = nullptr;
  Json* text = nullptr;
  for (std::size_t i = 0; i < is_image.size(); ++i) (is_image[i] ? image : text) = &row[i];
  return pair_row(image, text, number);
}

Row RowReader::record(Json& row, std::size_t number) {
  const std::string name = fmt::format("row {}", number);
  need_object(row, name);
  check_keys(row, {"image", "text"}, name);
  return pair_row(member(row, "image"), member(row, "text"), number);
}

Rows RowReader::split(Json& table, std::string_view name) {
  need_object(table, name);
  check_keys(table, {"columns", "index", "data"}, name);
  const std::vector<bool> is_image = read_columns(member(table, "columns"), name);
  Json* data = member(table, "data");
  if (data == nullptr) bad(fmt::format("{}.data: is missing", name));
  need_array(*data, fmt::format("{}.data", name));
  check_index(member(table, "index"), data->size(), name);
  Rows rows;
  for (Json& row : *data) {
    const std::size_t number = rows.size() + 1;
    rows.push_back(row.is_array() ? list_row(row, is_image, number) : record(row, number));
  }
  return not_empty(std::move(rows), name);
}

Rows RowReader::records(Json& list, std::string_view name, bool lists_allowed) {
  need_array(list, name);
  Rows rows;
  for (Json& row : list) {
    const std::size_t number = rows.size() + 1;
    const bool as_list = lists_allowed && row.is_array();
    rows.push_back(as_list ? list_row(row, {true, false}, number) : record(row, number));
  }
  return not_empty(std::move(rows), name);
}

Rows RowReader::columns(Json& table, std::string_view name) {
  need_object(table, name);
  check_keys(table, {"image", "text"}, name);
  Json* sides[] = {member(table, "image"), member(table, "text")};
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
  return not_empty(std::move(rows), name);
}

}  // namespace mi2::protocols
