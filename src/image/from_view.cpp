#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include <mi2/image.hpp>

#include "image/image.hpp"
#include "image/intensity.hpp"
#include "image/readers.hpp"

namespace mi2::image {
namespace {

enum class Sample : std::uint8_t { kBit, kByte, kU16, kI32, kF32 };

/// What a mode's name says about its samples.
struct Layout {
  std::string_view name;
  Mode mode;
  Sample sample;
  std::size_t bytes;  ///< a pixel
};

constexpr std::array kLayouts = {
    Layout{"1", Mode::kBilevel, Sample::kBit, 1},     Layout{"L", Mode::kGrey, Sample::kByte, 1},
    Layout{"LA", Mode::kGreyAlpha, Sample::kByte, 2}, Layout{"P", Mode::kPalette, Sample::kByte, 1},
    Layout{"RGB", Mode::kRgb, Sample::kByte, 3},      Layout{"RGBA", Mode::kRgba, Sample::kByte, 4},
    Layout{"CMYK", Mode::kCmyk, Sample::kByte, 4},    Layout{"I;16", Mode::kGrey, Sample::kU16, 2},
    Layout{"I", Mode::kGrey, Sample::kI32, 4},        Layout{"F", Mode::kGrey, Sample::kF32, 4},
};

const Layout& layout_of(std::string_view mode, std::string_view name) {
  const auto* found = std::find_if(kLayouts.begin(), kLayouts.end(), [mode](const auto& l) { return l.name == mode; });
  if (found != kLayouts.end()) return *found;
  throw Error(Code::kUnsupported,
              fmt::format("{}: images of mode '{}' are not read; convert it to RGB", name, library_text(mode)));
}

void check_palette(const ImageView& view, const Layout& layout, std::string_view name) {
  const std::size_t size = view.palette.size();
  if (layout.mode == Mode::kPalette ? size > 0 && size <= 768 && size % 3 == 0 : size == 0) return;
  throw Error(Code::kBadArgument, fmt::format("{}: a palette of {} bytes with mode {}: P needs 1 to 256 RGB triples, "
                                              "other modes none",
                                              name, size, layout.name));
}

/// Deep samples may lie at any address, so they are copied before they are read.
template <typename T>
std::vector<std::uint8_t> deep_to_8bit(std::span<const std::byte> bytes, const GreyRule& intensity,
                                       Warnings& warnings) {
  std::vector<T> samples(bytes.size() / sizeof(T));
  std::memcpy(samples.data(), bytes.data(), bytes.size());
  return to_8bit(std::span<const T>(samples), intensity, &warnings);
}

std::vector<std::uint8_t> samples_of(const ImageView& view, Sample kind, const GreyRule& intensity,
                                     Warnings& warnings) {
  if (kind == Sample::kU16) return deep_to_8bit<std::uint16_t>(view.samples, intensity, warnings);
  if (kind == Sample::kI32) return deep_to_8bit<std::int32_t>(view.samples, intensity, warnings);
  if (kind == Sample::kF32) return deep_to_8bit<float>(view.samples, intensity, warnings);
  std::vector<std::uint8_t> out(view.samples.size());
  std::transform(view.samples.begin(), view.samples.end(), out.begin(), [kind](std::byte b) {
    const auto value = std::to_integer<std::uint8_t>(b);
    return kind == Sample::kBit && value != 0 ? std::uint8_t{255} : value;
  });
  return out;
}

}  // namespace

Image from_view(const ImageView& view, const DecodeOptions& options, std::string_view name) {
  const Layout& layout = layout_of(view.mode, name);
  check_size(view.width, view.height, options, name);
  check_palette(view, layout, name);
  // check_size keeps a side below 2^31, so that the product of the sides fits; max_pixels may be anything.
  const std::uint64_t pixels = view.width * view.height;
  if (view.samples.size() % layout.bytes != 0 || view.samples.size() / layout.bytes != pixels) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: {} bytes for {} x {} pixels of mode {}, {} each", name, view.samples.size(),
                            view.width, view.height, layout.name, layout.bytes));
  }
  Image image;
  image.mode = layout.mode;
  image.width = static_cast<int>(view.width);
  image.height = static_cast<int>(view.height);
  image.samples = samples_of(view, layout.sample, options.intensity, image.warnings);
  image.palette.assign(view.palette.begin(), view.palette.end());
  return image;
}

}  // namespace mi2::image
