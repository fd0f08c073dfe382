// A JPEG 2000 codestream or .jp2 file from outside: decoded or refused with mi2::Error.
#include <cstddef>
#include <cstdint>
#include <span>

#include <mi2/error.hpp>

#include "image/jpeg2000_image.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    mi2::image::DecodeOptions options;
    options.max_pixels = 1U << 16U;
    static_cast<void>(mi2::image::decode_jpeg2000_file(std::as_bytes(std::span(data, size)), options, "fuzz"));
  } catch (const mi2::Error&) {
  }
  return 0;
}
