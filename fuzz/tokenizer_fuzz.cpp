// Any bytes as a text, and as a vocabulary.

#include <cstddef>
#include <cstdint>
#include <mi2/error.hpp>
#include <string_view>

#include "text/tokenizer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mi2::text::Tokenizer tokenizer;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    if (tokenizer.encode(bytes).ids.size() > 77) __builtin_trap();
  } catch (const mi2::Error&) {
  }
  try {
    const mi2::text::Tokenizer hostile(bytes, bytes, "vocabulary");
  } catch (const mi2::Error&) {
  }
  return 0;
}
