#include "base/json_text.hpp"

#include <nlohmann/json.hpp>

namespace mi2::base {

std::string json_string(std::string_view text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace mi2::base
