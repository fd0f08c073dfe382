#include "protocols/json.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"

namespace mi2::protocols {

Json parse_json(std::string body, std::size_t max_values) {
  Json value = base::parse_json(body, {.max_values = max_values});
  body = {};
  return value;
}

std::string_view kind_of(const Json& value) noexcept {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    default:
      return "a number";
  }
}

Json* member(Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::vector<std::string> take_strings(Json* list, std::string_view name) {
  std::vector<std::string> strings;
  if (list == nullptr) return strings;
  need_array(*list, name);
  for (Json& item : *list) strings.push_back(take_string(item, fmt::format("{} {}", name, strings.size() + 1)));
  return strings;
}

std::vector<std::string> take_both(Json& body, const char* one, const char* several) {
  std::vector<std::string> strings;
  if (Json* const value = member(body, one)) strings.push_back(take_string(*value, one));
  std::vector<std::string> more = take_strings(member(body, several), several);
  strings.insert(strings.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return strings;
}

void refuse_kind(const Json& value, std::string_view name, std::string_view needed) {
  throw Error(Code::kBadArgument, fmt::format("{0}: expected {2}, got {1}", name, kind_of(value), needed));
}

Json& need_object(Json& value, std::string_view name) {
  if (!value.is_object()) refuse_kind(value, name, "an object");
  return value;
}

Json& need_array(Json& value, std::string_view name) {
  if (!value.is_array()) refuse_kind(value, name, "an array");
  return value;
}

std::string take_string(Json& value, std::string_view name) {
  if (!value.is_string()) refuse_kind(value, name, "a string");
  return std::move(value.get_ref<std::string&>());
}

}  // namespace mi2::protocols
