#include "protocols/archives/query.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/nearest.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols::archives {
namespace {

[[noreturn]] void refuse_unknown(std::string_view place, std::string_view typed, std::span<const std::string> known) {
  const std::string near = base::nearest(typed.substr(0, 64), known);
  throw Error(Code::kBadArgument,
              near.empty() ? fmt::format("{}: unknown field; expected one of {}", place, fmt::join(known, ", "))
                           : fmt::format("{}: unknown field; did you mean {}?", place, near));
}

}  // namespace

std::map<std::string, std::string, std::less<>> read_query(std::string_view query, std::span<const std::string> known) {
  std::map<std::string, std::string, std::less<>> values;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::string_view name = pair.substr(0, pair.find('='));
    if (std::find(known.begin(), known.end(), name) == known.end()) refuse_unknown("query", name, known);
    if (!values.emplace(name, query_value(pair, name)).second) {
      throw Error(Code::kBadArgument, fmt::format("query: expected {} once, got it again", name));
    }
  }
  return values;
}

void check_members(const Json& object, std::string_view name, std::span<const std::string> known) {
  for (const auto& [member, ignored] : object.items()) {
    if (std::find(known.begin(), known.end(), member) == known.end()) refuse_unknown(name, member, known);
  }
}

std::optional<std::string> read_choice(Json& body, const char* name, std::span<const std::string_view> choices) {
  const Json* const value = member(body, name);
  if (value == nullptr) return std::nullopt;
  for (const std::string_view known : choices) {
    if (*value == known) return std::string(known);
  }
  throw Error(Code::kBadArgument, fmt::format("{}: expected one of {}", name, fmt::join(choices, ", ")));
}

std::optional<std::uint64_t> read_whole(Json& body, const char* name, std::uint64_t low, std::uint64_t high) {
  const Json* const value = member(body, name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() < low || value->get<std::uint64_t>() > high) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected a whole number from {} to {}", name, low, high));
  }
  return value->get<std::uint64_t>();
}

std::optional<double> read_real(Json& body, const char* name, double low, double high) {
  const Json* const value = member(body, name);
  if (value == nullptr) return std::nullopt;
  // Not a number is neither.
  if (!value->is_number() || !(value->get<double>() >= low && value->get<double>() <= high)) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected a number from {} to {}", name, low, high));
  }
  return value->get<double>();
}

bool read_switch(Json& body, const char* name) {
  const Json* const value = member(body, name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) refuse_kind(*value, name, "a boolean");
  return value->get<bool>();
}

bool read_flag(std::string_view text, std::string_view name) {
  if (text == "true") return true;
  if (text == "false") return false;
  throw Error(Code::kBadArgument, fmt::format("{}: expected true or false", name));
}

std::uint64_t read_number(std::string_view text, std::string_view name, std::uint64_t low, std::uint64_t high) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < low || number > high) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected a whole number from {} to {}", name, low, high));
  }
  return number;
}

Window read_window(const std::string& text) {
  try {
    return parse_window(text);
  } catch (const Error&) {
    throw Error(Code::kBadArgument,
                "window: expected CENTER,WIDTH, both finite, WIDTH at least 1, or lung, soft, bone or brain");
  }
}

}  // namespace mi2::protocols::archives
