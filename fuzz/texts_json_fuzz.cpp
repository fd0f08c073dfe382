// --texts-json: whatever the bytes, a list of UTF-8 strings or a mi2::Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "texts_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  using namespace mi2::cli;
  try {
    const std::vector<std::string> texts =
        parse_texts_json(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
    // What was accepted survives a trip through our own JSON.
    std::string json = "[";
    for (const std::string& text : texts) {
      if (base::utf8_prefix(text) != text.size()) std::abort();
      json += (json.size() > 1 ? "," : "") + base::json_string(text);
    }
    if (parse_texts_json(json + "]", "again") != texts) std::abort();
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
  // Names in results and messages come from the file system, where any bytes go.
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  const std::string clean = base::replace_invalid_utf8(name);
  if (base::utf8_prefix(clean) != clean.size() ||
      base::utf8_prefix(base::printable(name)) != base::printable(name).size())
    std::abort();
  return 0;
}
