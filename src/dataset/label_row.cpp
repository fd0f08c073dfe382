#include "dataset/label_row.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace mi2::dataset {
namespace {

using Json = nlohmann::json;

std::string class_of_json(std::string_view text, std::string_view where) {
  const Json row = base::parse_json(text, {.name = where, .fault = Code::kBadFile});
  const auto member = row.find("class_name");
  if (member == row.end() || !member->is_string()) {
    throw Error(Code::kBadFile, fmt::format("{}: no string 'class_name' in its JSON", where));
  }
  return member->get<std::string>();
}

}  // namespace

NamedRow split_row(std::string_view line, std::string_view where) {
  const std::size_t tab = line.find('\t');
  if (tab == std::string_view::npos) throw Error(Code::kBadFile, fmt::format("{}: no tab", where));
  if (tab == 0) throw Error(Code::kBadFile, fmt::format("{}: no name before the tab", where));
  return {line.substr(0, tab), line.substr(tab + 1)};
}

LabelRow parse_label_row(std::string_view line, std::string_view where) {
  if (line.size() > kMaxLabelRowBytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} bytes, the limit is {}", where, line.size(), kMaxLabelRowBytes));
  }
  const auto [name, value] = split_row(line, where);
  LabelRow row{name, value.starts_with('{') ? class_of_json(value, where) : std::string(value)};
  if (row.class_name.empty()) throw Error(Code::kBadFile, fmt::format("{}: its class has no name", where));
  if (base::utf8_prefix(row.class_name) != row.class_name.size()) {
    throw Error(Code::kBadFile, fmt::format("{}: its class is not UTF-8", where));
  }
  return row;
}

}  // namespace mi2::dataset
