#include "protocols/json.hpp"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/long_strings.hpp"

namespace mi2::protocols {
namespace {

/// No protocol needs more than five.
constexpr int kMaxDepth = 16;

/// Where nlohmann gives a text up.
std::size_t error_byte(const std::string& text) {
  try {
    const Json ignored = Json::parse(text, [](int, Json::parse_event_t, Json&) { return false; });
  } catch (const Json::parse_error& error) {
    return error.byte;
  }
  return text.size();
}

}  // namespace

Json parse_json(std::string body, std::size_t max_values) {
  base::LongStrings strings(body);
  std::size_t values = 0;
  const auto count = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kMaxDepth) {
      throw Error(Code::kBadArgument, fmt::format("body: nested deeper than {} levels", kMaxDepth));
    }
    const bool ends = event == Json::parse_event_t::object_end || event == Json::parse_event_t::array_end;
    if (!ends && ++values > max_values) {
      throw Error(Code::kTooLarge, fmt::format("body: more than {} JSON values", max_values));
    }
    strings.restore(event, value);
    return true;
  };
  try {
    Json value = Json::parse(strings.shortened(), count);
    body = {};
    return value;
  } catch (const Json::parse_error& error) {
    throw Error(Code::kBadArgument,
                fmt::format("body: not valid JSON at byte {}", strings.empty() ? error.byte : error_byte(body)));
  } catch (const Json::exception&) {
    throw Error(Code::kBadArgument, "body: not valid JSON: a number out of range");
  }
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
