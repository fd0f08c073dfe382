// JSON past its long strings: whatever the bytes, the value that the whole text has, or none where it has none.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/long_strings.hpp"

namespace {

using Json = nlohmann::json;

std::optional<Json> parsed(std::string_view text, const Json::parser_callback_t& callback) {
  const Json value = Json::parse(text, callback, false);
  return value.is_discarded() ? std::nullopt : std::optional(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  mi2::base::LongStrings strings(text);
  const auto restore = [&strings](int, Json::parse_event_t event, Json& value) {
    strings.restore(event, value);
    return true;
  };
  if (parsed(strings.shortened(), restore) != parsed(text, nullptr)) std::abort();
  return 0;
}
