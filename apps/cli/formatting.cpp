#include "formatting.hpp"

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"

namespace mi2::cli {

std::string json_string(std::string_view text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string csv_field(std::string_view text) {
  std::string clean = base::replace_invalid_utf8(text);
  if (clean.find_first_of(",\"\r\n") == std::string::npos) return clean;
  std::string quoted = "\"";
  for (const char c : clean) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace mi2::cli
