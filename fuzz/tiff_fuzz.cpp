// A TIFF file from outside: decoded or refused with mi2::Error.
#include <cstddef>
#include <cstdint>
#include <span>

#include <mi2/error.hpp>

#include "image/tiff.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mi2::image::DecodeOptions options;
  options.max_pixels = 1 << 20;
  if (size < 8) return 0;
  try {
    const auto source = mi2::image::open_tiff(std::as_bytes(std::span(data, size)), options, "fuzz");
    static_cast<void>(source->read(0));
    const std::uint64_t last = source->frames() - 1;
    if (last > 0) static_cast<void>(source->read(last));
  } catch (const mi2::Error&) {
  }
  return 0;
}
