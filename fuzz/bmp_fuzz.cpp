// A BMP file from outside: decoded or refused with mi2::Error.
#include <cstddef>
#include <cstdint>
#include <span>

#include <mi2/error.hpp>

#include "image/bmp.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mi2::image::DecodeOptions options;
  options.max_pixels = 1 << 20;
  try {
    static_cast<void>(mi2::image::decode_bmp(std::as_bytes(std::span(data, size)), options, "fuzz"));
  } catch (const mi2::Error&) {
  }
  return 0;
}
