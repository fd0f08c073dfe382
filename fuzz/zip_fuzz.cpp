// Any bytes as a zip of images: refused with mi2::Error, or every entry is read or refused, within the limit.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include <mi2/error.hpp>

#include "zip/zip_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  constexpr std::uint64_t kMaxBytes = 1 << 20;
  try {
    const zip::ZipFile zip(std::as_bytes(std::span(data, size)), "fuzz");
    for (std::uint64_t i = 0; i < zip.entries(); ++i) {
      if (zip.find(zip.name(i)) != i) std::abort();
      try {
        constexpr std::size_t kHead = 16;
        if (zip.head(i, kHead).size() > kHead) std::abort();
        if (zip.read(i, kMaxBytes).size() > kMaxBytes) std::abort();
      } catch (const Error&) {
        // The next may be whole.
      }
    }
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
