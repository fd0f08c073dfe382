// Any bytes as a mask or as a table of them: an Error, or rectangles that stay within a picture.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "dicom/results/mask.hpp"

namespace {

using mi2::dicom::results::Mask;

std::vector<Mask> read(std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return mi2::dicom::results::parse_masks(text, "fuzz");
  return {mi2::dicom::results::parse_mask(text)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kRows = 48;
  constexpr std::uint64_t kColumns = 64;
  std::vector<Mask> masks;
  try {
    masks = read({reinterpret_cast<const char*>(data), size});
  } catch (const mi2::Error&) {
    return 0;
  }
  if (masks.empty() || masks.size() > mi2::dicom::results::kMostMasks) std::abort();
  for (const auto& box : mi2::dicom::results::boxes_of(masks, {}, kRows, kColumns).boxes) {
    if (box.left >= box.right || box.right > kColumns || box.top >= box.bottom || box.bottom > kRows) std::abort();
  }
  return 0;
}
