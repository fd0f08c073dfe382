// A JPEG 2000 codestream or .jp2 file from outside: decoded or refused with mi2::Error.
#include <cstddef>
#include <cstdint>
#include <span>

#include <mi2/error.hpp>

#include "image/jpeg2000.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mi2::image::Warnings warnings;
  try {
    static_cast<void>(mi2::image::decode_jpeg2000(std::span(data, size), 1U << 16U, "fuzz", warnings));
  } catch (const mi2::Error&) {
  }
  return 0;
}
