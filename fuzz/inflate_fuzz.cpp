// Compressed bodies: whatever the bytes, at most the limit comes out, or a mi2::Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <mi2/error.hpp>

#include "base/inflate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kLimit = 1 << 16;
  try {
    if (mi2::base::inflate({reinterpret_cast<const char*>(data), size}, kLimit, "fuzz").size() > kLimit) std::abort();
  } catch (const mi2::Error& error) {
    if (error.code() != mi2::Code::kBadArgument && error.code() != mi2::Code::kTooLarge) std::abort();
  }
  return 0;
}
