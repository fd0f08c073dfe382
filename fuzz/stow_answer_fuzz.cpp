// Any bytes as the answer of a STOW-RS server: an Error, or success only where the object is named.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <mi2/error.hpp>

#include "dicomweb/stow/answer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kUid = "2.25.7";
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const unsigned status : {200U, 202U, 400U, 409U}) {
    try {
      const mi2::dicom::results::Taken taken = mi2::dicomweb::stow::read_answer(status, body, kUid);
      if (!taken.already && status > 202U) std::abort();
      if (taken.already && !taken.warning.empty()) std::abort();
    } catch (const mi2::Error&) {
    }
  }
  return 0;
}
