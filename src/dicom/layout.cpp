#include "dicom/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include <mi2/error.hpp>

namespace mi2::dicom {
namespace {

std::uint32_t need(const Item& data, Tag tag, const char* what, std::string_view name) {
  const std::optional<std::uint32_t> value = word(data, tag);
  if (!value || *value == 0) throw Error(Code::kBadFile, fmt::format("{}: {} is missing or zero", name, what));
  return *value;
}

void read_depth(const Item& data, Layout& layout, std::string_view name) {
  layout.allocated = need(data, tags::kBitsAllocated, "BitsAllocated", name);
  const unsigned bits = layout.allocated;
  const bool whole = !layout.floating && (bits == 8 || bits == 16 || bits == 32 || (bits == 1 && layout.samples == 1));
  const bool real = layout.floating && layout.samples == 1 && (bits == 32 || bits == 64);
  if (!whole && !real) {
    throw Error(Code::kUnsupported, fmt::format("{}: {} bits allocated for each of {} samples per pixel is not read",
                                                name, bits, layout.samples));
  }
  layout.stored = word(data, tags::kBitsStored).value_or(bits);
  layout.high_bit = word(data, tags::kHighBit).value_or(layout.stored - 1);
  if (layout.floating) return;
  if (layout.stored == 0 || layout.stored > bits || layout.high_bit >= bits || layout.high_bit + 1 < layout.stored) {
    throw Error(Code::kBadFile, fmt::format("{}: BitsAllocated {}, BitsStored {} and HighBit {} contradict each other",
                                            name, bits, layout.stored, layout.high_bit));
  }
  layout.is_signed = word(data, tags::kPixelRepresentation).value_or(0) == 1;
  for (Tag group = 0; group < 16; ++group) {
    layout.overlays = layout.overlays || number(data, tags::kOverlayBit + (group << 17U)).value_or(0) > 0;
  }
}

/// An IS (PS3.5 6.2), so 31 bits; a file may give it another VR and any number. Zero and less count as one.
std::uint64_t read_frames(const Item& data, std::string_view name) {
  constexpr double kMost = std::numeric_limits<std::int32_t>::max();
  const double frames = number(data, tags::kNumberOfFrames).value_or(1);
  if (frames > kMost) {
    throw Error(Code::kBadFile, fmt::format("{}: NumberOfFrames is {}, at most {} are possible", name, frames, kMost));
  }
  return static_cast<std::uint64_t>(std::max(1.0, frames));
}

}  // namespace

Layout read_layout(const Item& data, bool floating, std::uint64_t max_pixels, std::string_view name) {
  Layout layout;
  layout.floating = floating;
  layout.rows = need(data, tags::kRows, "Rows", name);
  layout.columns = need(data, tags::kColumns, "Columns", name);
  if (layout.pixels() > max_pixels) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} x {} pixels, at most {} are allowed", name, layout.columns,
                                             layout.rows, max_pixels));
  }
  layout.frames = read_frames(data, name);
  layout.unreadable_count = present(data, tags::kNumberOfFrames) && !number(data, tags::kNumberOfFrames).has_value();
  layout.photometric = text(data, tags::kPhotometric);
  if (layout.photometric.empty()) {
    throw Error(Code::kBadFile, fmt::format("{}: PhotometricInterpretation is missing", name));
  }
  for (char& c : layout.photometric) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  layout.samples = word(data, tags::kSamplesPerPixel).value_or(1);
  if (layout.samples != 1 && layout.samples != 3) {
    throw Error(Code::kUnsupported, fmt::format("{}: {} samples per pixel are not read", name, layout.samples));
  }
  read_depth(data, layout, name);
  layout.planar = layout.samples == 3 && word(data, tags::kPlanarConfiguration).value_or(0) == 1;
  return layout;
}

void take_size(Layout& layout, const CodedSize& coded, std::string_view name, image::Warnings& warnings) {
  const bool same = coded.width == layout.columns && coded.height == layout.rows;
  const bool swapped = coded.width == layout.rows && coded.height == layout.columns;
  if ((!same && !swapped) || coded.components != layout.samples) {
    throw Error(
        Code::kBadFile,
        fmt::format("{}: the compressed frame is {} x {} with {} components, the object says {} x {} with {}", name,
                    coded.width, coded.height, coded.components, layout.columns, layout.rows, layout.samples));
  }
  if (same) return;
  std::swap(layout.rows, layout.columns);
  image::add_warning(warnings,
                     "swapped_sides: Rows and Columns are the wrong way round; the compressed frame's are taken");
}

}  // namespace mi2::dicom
