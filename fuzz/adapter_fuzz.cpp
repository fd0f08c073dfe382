// An adapter's JSON: whatever the bytes, a description that survives being written, or a mi2::Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "adapter/adapter_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const adapter::HeadRecord record = adapter::parse_head(text, "fuzz");
    const std::string written = adapter::to_json(record);
    if (adapter::to_json(adapter::parse_head(written, "again")) != written) std::abort();
  } catch (const Error& error) {
    // A refusal is an answer; that our own text is refused is not.
    if (std::string_view(error.what()).starts_with("again")) std::abort();
  }
  try {
    if (adapter::parse_toolkit_config(text, "fuzz").in_channels < 1) std::abort();
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
