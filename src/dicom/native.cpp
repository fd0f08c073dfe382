#include "dicom/native.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <mi2/error.hpp>

#include "base/checked.hpp"

namespace mi2::dicom {
namespace {

/// [Y1 Y2 Cb Cr] for two pixels -> [Y Cb Cr] for each.
std::vector<std::uint8_t> spread_chroma(std::span<const std::uint8_t> in) {
  std::vector<std::uint8_t> out;
  out.reserve(in.size() / 4 * 6);
  for (std::size_t i = 0; i + 4 <= in.size(); i += 4) {
    out.insert(out.end(), {in[i], in[i + 2], in[i + 3], in[i + 1], in[i + 2], in[i + 3]});
  }
  return out;
}

/// Big endian samples to little endian. An OW of smaller samples is swapped by its words (PS3.5 8.1.1).
void swap_samples(std::vector<std::uint8_t>& bytes, const Element& pixels, unsigned allocated) {
  const bool by_bytes = pixels.vr == "OB" || pixels.vr == "UN";
  const std::size_t size = std::max<std::size_t>(allocated / 8, by_bytes ? 1 : 2);
  for (std::size_t at = 0; size > 1 && at + size <= bytes.size(); at += size) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
  }
}

struct NativePixels {
  std::span<const std::uint8_t> all;
  std::uint64_t bits = 0;  ///< of a frame
  bool half_chroma = false;
  bool more = false;  ///< than the frames take, by a frame and over
};

/// @throws Error{kBadFile} if they are fewer than the frames take.
NativePixels native_pixels(const Element& element, const Layout& layout, std::string_view name) {
  const std::span<const std::uint8_t> all(reinterpret_cast<const std::uint8_t*>(element.value.data()),
                                          element.value.size());
  const std::uint64_t full = base::checked_mul(layout.pixels(), layout.samples * layout.allocated, name);
  std::uint64_t bits = full;
  const bool half_chroma = layout.photometric == "YBR_FULL_422" && layout.samples == 3 && layout.allocated == 8 &&
                           all.size() < base::checked_mul(full, layout.frames, name) / 8;
  if (half_chroma) bits = full / 3 * 2;
  const std::uint64_t needed = base::checked_add(base::checked_mul(bits, layout.frames, name), 7, name) / 8;
  if (all.size() < needed) {
    throw Error(Code::kBadFile, fmt::format("{}: pixel data has {} bytes, {} frames of {} x {} take {}", name,
                                            all.size(), layout.frames, layout.columns, layout.rows, needed));
  }
  if (layout.unreadable_count && all.size() / 2 >= needed) {
    throw Error(Code::kBadFile, fmt::format("{}: NumberOfFrames is not a whole number, and pixel data has {} bytes, "
                                            "where one frame takes {}",
                                            name, all.size(), needed));
  }
  return {all, bits, half_chroma, (all.size() - needed) / ((bits + 7) / 8) > 0};
}

}  // namespace

std::vector<std::uint8_t> unpack_bits(std::span<const std::uint8_t> packed, std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint8_t> out(count);
  for (std::uint64_t i = 0; i < count; ++i) out[i] = packed[(first + i) / 8] >> ((first + i) % 8) & 1U;
  return out;
}

void check_native(const Element& pixels, const Layout& layout, std::string_view name) {
  static_cast<void>(native_pixels(pixels, layout, name));
}

void read_native(const Element& pixels, Frame& frame, std::string_view name, image::Warnings& warnings) {
  Layout& layout = frame.layout;
  const auto [all, bits, half_chroma, more] = native_pixels(pixels, layout, name);
  if (more) {
    image::add_warning(
        warnings, fmt::format("more_pixels: pixel data has {} bytes, the {} frames that the object says take fewer",
                              all.size(), layout.frames));
  }
  if (half_chroma && layout.columns % 2 != 0) {
    throw Error(Code::kBadFile,
                fmt::format("{}: YBR_FULL_422 needs an even number of columns, found {}", name, layout.columns));
  }
  // The 16-bit words that hold the frame's bits: OW of smaller samples is swapped by words.
  const std::uint64_t first = frame.index * bits;
  const std::uint64_t from = pixels.big_endian ? first / 16 * 2 : first / 8;
  const std::uint64_t to = std::min<std::uint64_t>((first + bits + 15) / 16 * 2, all.size());
  const std::span<const std::uint8_t> stored = all.subspan(from, to - from);
  const std::size_t skipped = first / 8 - from;
  if (!pixels.big_endian && layout.allocated != 1 && !half_chroma) {
    frame.bytes.view(stored.subspan(skipped, bits / 8));
    return;
  }
  std::vector<std::uint8_t> bytes(stored.begin(), stored.end());
  if (pixels.big_endian) swap_samples(bytes, pixels, layout.allocated);
  if (layout.allocated == 1) {
    frame.bytes = unpack_bits(bytes, first - from * 8, layout.pixels());
    return;
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(skipped));
  bytes.resize(bits / 8);
  if (half_chroma) {
    bytes = spread_chroma(bytes);
    layout.planar = false;
  }
  frame.bytes = std::move(bytes);
}

}  // namespace mi2::dicom
