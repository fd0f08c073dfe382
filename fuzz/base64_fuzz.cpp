// Base64 in requests: whatever the bytes, bytes or a mi2::Error, and what was accepted survives a trip back.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "base/base64.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (mi2::base::base64_decode(mi2::base::base64_encode(std::as_bytes(std::span(input))), "fuzz") != input)
    std::abort();
  try {
    const std::string bytes = mi2::base::base64_decode(input, "fuzz");
    if (bytes.size() > input.size() / 4 * 3) std::abort();
    if (mi2::base::base64_decode(mi2::base::base64_encode(std::as_bytes(std::span(bytes))), "fuzz") != bytes)
      std::abort();
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
  return 0;
}
