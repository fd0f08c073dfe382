#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "dicom/display.hpp"
#include "dicom/lookup_table.hpp"

namespace mi2::dicom {
namespace {

/// The high byte of the stored bits; depths under 8 bits are stretched to 0..255.
std::uint8_t to_byte(std::uint32_t code, unsigned stored) noexcept {
  if (stored >= 8) return static_cast<std::uint8_t>(code >> (stored - 8));
  const std::uint32_t highest = (1U << stored) - 1;
  return static_cast<std::uint8_t>((code * 255 * 2 + highest) / (2 * highest));
}

std::uint8_t clamp_round(double v) noexcept {
  return static_cast<std::uint8_t>(std::clamp(std::floor(v + 0.5), 0.0, 255.0));
}

/// PS3.3 C.7.6.3.1.2, inverted; ITU-R BT.601 luma weights.
void ybr_to_rgb(std::uint8_t* p) noexcept {
  const double y = p[0];
  const double cb = p[1] - 128.0;
  const double cr = p[2] - 128.0;
  p[0] = clamp_round(y + 1.402 * cr);
  p[1] = clamp_round(y - 0.114 * 1.772 / 0.587 * cb - 0.299 * 1.402 / 0.587 * cr);
  p[2] = clamp_round(y + 1.772 * cb);
}

std::vector<std::uint8_t> render_rgb(const Frame& frame) {
  const std::size_t pixels = frame.layout.pixels();
  std::vector<std::uint8_t> out(base::checked_mul(pixels, 3, "a colour frame"));
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t at = frame.layout.planar ? c * pixels + i : i * 3 + c;
      out[i * 3 + c] = to_byte(frame.code(at), frame.layout.stored);
    }
  }
  return out;
}

std::array<LookupTable, 3> read_palette(const Item& data, bool is_signed, std::string_view name) {
  if (present(data, tags::kSegmentedRedData)) {
    throw Error(Code::kUnsupported, fmt::format("{}: segmented palettes are not read", name));
  }
  std::array<LookupTable, 3> tables;
  for (Tag c = 0; c < 3; ++c) {
    std::optional<LookupTable> table = read_table(data, tags::kRedDescriptor + c, tags::kRedData + c, is_signed);
    if (!table) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: PALETTE COLOR needs three lookup tables with data as long as they say", name));
    }
    tables[c] = std::move(*table);
  }
  return tables;
}

std::vector<std::uint8_t> render_palette(const Object& object, const Frame& frame, std::string_view name,
                                         image::Warnings& warnings) {
  const std::array<LookupTable, 3> tables = read_palette(object.data, frame.layout.is_signed, name);
  const unsigned bits = real_bits(tables);
  const std::uint32_t highest = (1U << bits) - 1;
  if (bits != tables[0].bits) {
    image::add_warning(warnings, fmt::format("lut_bits: entries of the palette take {} bits, its descriptor says {}",
                                             bits, tables[0].bits));
  }
  const std::size_t pixels = frame.layout.pixels();
  std::vector<std::uint8_t> out(base::checked_mul(pixels, 3, "a colour frame"));
  for (std::size_t i = 0; i < pixels; ++i) {
    const double value = frame.value(i);
    for (std::size_t c = 0; c < 3; ++c) {
      out[i * 3 + c] = to_byte(std::min<std::uint32_t>(tables[c].at(value), highest), bits);
    }
  }
  return out;
}

}  // namespace

std::vector<std::uint8_t> render_colour(const Object& object, const Frame& frame, std::string_view name,
                                        image::Warnings& warnings) {
  const std::string& photometric = frame.layout.photometric;
  if (frame.layout.samples == 1) return render_palette(object, frame, name, warnings);
  const bool ybr = photometric == "YBR_FULL" || photometric == "YBR_FULL_422";
  const bool inside_jpeg2000 = photometric == "YBR_ICT" || photometric == "YBR_RCT";
  if (!ybr && !inside_jpeg2000 && photometric != "RGB") {
    throw Error(Code::kUnsupported,
                fmt::format("{}: photometric interpretation '{}' is not read", name, printable(photometric)));
  }
  if (inside_jpeg2000) {
    image::add_warning(warnings,
                       fmt::format("photometric: {} exists inside JPEG 2000 alone; taken as RGB", photometric));
  }
  std::vector<std::uint8_t> out = render_rgb(frame);
  for (std::size_t i = 0; ybr && i < out.size(); i += 3) ybr_to_rgb(&out[i]);
  return out;
}

}  // namespace mi2::dicom
