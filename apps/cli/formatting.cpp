#include "formatting.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/utf8.hpp"

namespace mi2::cli {
namespace {

template <typename Number>
void append_shortest(std::string& text, Number value) {
  if (!std::isfinite(value)) throw Error(Code::kInternal, "the model answered with a number that is not finite");
  std::array<char, 32> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text.append(digits.data(), result.ptr);
}

}  // namespace

std::string json_string(std::string_view text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string csv_field(std::string_view text) {
  std::string clean = replace_invalid_utf8(text);
  if (clean.find_first_of(",\"\r\n") == std::string::npos) return clean;
  std::string quoted = "\"";
  for (const char c : clean) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void append_number(std::string& text, float value) { append_shortest(text, value); }
void append_number(std::string& text, double value) { append_shortest(text, value); }

void append_numbers(std::string& text, std::span<const float> values, char separator) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += separator;
    append_number(text, values[i]);
  }
}

}  // namespace mi2::cli
