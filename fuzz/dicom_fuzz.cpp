// Any bytes as a DICOM object: an Error or an image, nothing else.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <mi2/error.hpp>

#include "dicom/describe.hpp"
#include "dicom/dicom.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  mi2::dicom::Options options;
  options.max_pixels = 1U << 20U;
  static_cast<void>(mi2::dicom::looks_like_dicom(bytes));
  try {
    const mi2::dicom::Description said = mi2::dicom::describe(bytes, "fuzz");
    if (mi2::dicom::holds_secret(said.study_description, said.identity.secrets)) std::abort();
  } catch (const mi2::Error&) {
  }
  try {
    const auto source = mi2::dicom::open(bytes, options, "fuzz");
    static_cast<void>(source->read(source->middle()));
    static_cast<void>(source->info(0));
    static_cast<void>(source->read(source->frames() - 1));
  } catch (const mi2::Error&) {
  }
  return 0;
}
