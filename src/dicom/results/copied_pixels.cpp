#include "dicom/results/copied_pixels.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/little_endian.hpp"
#include "dicom/attributes.hpp"
#include "dicom/results/copied_values.hpp"
#include "dicom/results/element_writer.hpp"

namespace mi2::dicom::results {
namespace {

constexpr std::uint64_t kMostNative = kOpenLength - 2;

/// What the header says; nothing if that is no number.
std::optional<std::uint64_t> frames_of(const Item& data) {
  const Element* element = data.find(tags::kNumberOfFrames);
  if (element == nullptr) return 1;
  const std::string text = trimmed(text_of(element->value, 16));
  if (text.empty()) return 1;
  if (text.size() > 9 || !all_of(text, "0123456789")) return std::nullopt;
  return std::stoull(text);
}

/// What the header says; nothing if that is no number of bytes that a value can have.
std::optional<std::uint64_t> native_bytes(const Item& data, Tag tag, std::uint64_t frames) {
  const std::uint64_t pixels = word_of(data, tags::kRows) * word_of(data, tags::kColumns);  // below 2^32
  std::uint64_t bits =
      std::max<std::uint64_t>(word_of(data, tags::kSamplesPerPixel), 1) * word_of(data, tags::kBitsAllocated);
  if (tag == tags::kFloatPixels) bits = 32;
  if (tag == tags::kDoublePixels) bits = 64;
  if (const Element* element = data.find(tags::kPhotometric); element != nullptr && element->value.size() <= 64) {
    // PS3.3 C.7.6.3.1.2: two pixels share the chrominances.
    const std::string photometric = trimmed(text_of(element->value));
    if (photometric == "YBR_FULL_422" || photometric == "YBR_PARTIAL_422") bits = bits / 3 * 2;
  }
  if (pixels == 0 || bits == 0 || bits > 1024 || frames == 0 || frames > kMostNative * 8 / pixels) return std::nullopt;
  const std::uint64_t samples = pixels * frames;  // below 2^35
  const std::uint64_t bytes = (samples * bits + 7) / 8;
  return bytes <= kMostNative ? std::optional(bytes) : std::nullopt;
}

void put_native(const Item& data, const Element& pixels, std::uint64_t frames, CopiedPixels& out) {
  const std::optional<std::uint64_t> wanted = native_bytes(data, pixels.tag, frames);
  if (!wanted || pixels.value.size() < *wanted || pixels.value.size() > *wanted + 1) {
    out.refused = "pixels of another length than the header says";
    return;
  }
  out.bytes = pixels.value.first(static_cast<std::size_t>(*wanted));
  if (*wanted % 2 != 0) out.tail += '\0';
  put_head(out.head, pixels.tag, native_vr(pixels.tag, word_of(data, tags::kBitsAllocated)),
           static_cast<std::uint32_t>(*wanted + *wanted % 2));
}

void put_fragments(const Item& data, const Element& pixels, std::uint64_t frames, std::string_view name,
                   CopiedPixels& out) {
  const std::uint64_t of_frame = word_of(data, tags::kRows) * word_of(data, tags::kColumns);
  const bool packed = word_of(data, tags::kBitsAllocated) == 1;
  Unshown unshown = find_unshown(pixels, frames, packed ? (of_frame + 7) / 8 : of_frame, name);
  out.refused = unshown.refused;
  if (!out.refused.empty()) return;
  put_head(out.head, pixels.tag, "OB", kOpenLength);
  out.bytes = pixels.value;
  out.blank = std::move(unshown.parts);
  if (!unshown.table_fits) {
    put_mark(out.head, 0xE000, 0);
    out.bytes = out.bytes.subspan(unshown.table);
    for (Part& part : out.blank) part = {part.first - unshown.table, part.last - unshown.table};
  }
  put_mark(out.tail, 0xE0DD, 0);
}

}  // namespace

bool is_pixel_tag(Tag tag) {
  return tag == tags::kPixelData || tag == tags::kFloatPixels || tag == tags::kDoublePixels;
}

std::string_view native_vr(Tag tag, std::uint64_t bits_allocated) {
  if (tag == tags::kFloatPixels) return "OF";
  if (tag == tags::kDoublePixels) return "OD";
  return bits_allocated > 8 ? "OW" : "OB";
}

const Element* find_pixels(const Item& data) {
  for (const Tag tag : {tags::kPixelData, tags::kFloatPixels, tags::kDoublePixels}) {
    if (const Element* const found = data.find(tag); found != nullptr) return found;
  }
  return nullptr;
}

std::uint64_t word_of(const Item& data, Tag tag) {
  const Element* element = data.find(tag);
  return element == nullptr || element->value.size() < 2 ? 0
                                                         : base::read_little_endian<std::uint16_t>(element->value, 0);
}

CopiedPixels copied_pixels(const Item& data, const Element& pixels, bool encapsulated, std::string_view name) {
  CopiedPixels out;
  const std::optional<std::uint64_t> frames = frames_of(data);
  if (pixels.missing > 0) {
    out.refused = "pixels that are cut";
  } else if (!frames) {
    out.refused = "pixels of another length than the header says";
  } else if (encapsulated) {
    put_fragments(data, pixels, *frames, name, out);
  } else {
    put_native(data, pixels, *frames, out);
  }
  return out;
}

}  // namespace mi2::dicom::results
