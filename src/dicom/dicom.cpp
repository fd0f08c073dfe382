#include "dicom/dicom.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "dicom/display.hpp"
#include "dicom/structure.hpp"

namespace mi2::dicom {
namespace {

/// One finite number that is all of `text`.
bool parse_double(std::string_view text, double& out) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(out);
}

/// What the samples of a pixel must be for the photometric interpretation.
void check_samples(const Layout& layout, std::string_view name) {
  const std::string& photometric = layout.photometric;
  const bool grey = photometric == "MONOCHROME1" || photometric == "MONOCHROME2";
  const bool one = grey || photometric == "PALETTE COLOR";
  const bool three = photometric == "RGB" || photometric == "YBR_FULL" || photometric == "YBR_FULL_422";
  if (!one && !three) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: photometric interpretation '{}' is not read", name, printable(photometric)));
  }
  if (layout.samples != (one ? 1U : 3U)) {
    throw Error(Code::kBadFile, fmt::format("{}: {} with {} samples a pixel, {} needed", name, photometric,
                                            layout.samples, one ? 1 : 3));
  }
  if (layout.floating && !grey) {
    throw Error(Code::kUnsupported, fmt::format("{}: floating point {} is not read", name, photometric));
  }
}

}  // namespace

Window parse_window(std::string_view text) {
  Window window;
  const std::size_t comma = text.find(',');
  const bool ok = comma != std::string_view::npos && parse_double(text.substr(0, comma), window.center) &&
                  parse_double(text.substr(comma + 1), window.width) && window.width >= 1;
  if (!ok) {
    throw Error(Code::kBadArgument,
                fmt::format("window '{}': CENTER,WIDTH is needed, both finite, WIDTH at least 1", printable(text)));
  }
  return window;
}

bool looks_like_dicom(std::span<const std::byte> bytes) noexcept {
  constexpr std::string_view kPrefix = "DICM";
  if (bytes.size() >= 132) {
    bool prefixed = true;
    for (std::size_t i = 0; i < 4; ++i) prefixed &= std::to_integer<char>(bytes[128 + i]) == kPrefix[i];
    if (prefixed) return true;
  }
  const std::optional<Encoding> encoding = guess_encoding(bytes);
  if (!encoding) return false;
  const auto low = std::to_integer<unsigned>(bytes[encoding->big_endian ? 1 : 0]);
  const auto high = std::to_integer<unsigned>(bytes[encoding->big_endian ? 0 : 1]);
  return high == 0 && (low == 0x02 || low == 0x08);
}

image::Picture decode(std::span<const std::byte> bytes, const Options& options, std::string_view name) {
  // Room for a frame of the largest depth beside the other attributes.
  constexpr std::uint64_t kOtherBytes = 64U << 20U;
  const std::uint64_t max_inflated =
      base::checked_add(base::checked_mul(options.max_pixels, 12, name), kOtherBytes, name);
  Object object = load_object(bytes, max_inflated, name);
  const Frame frame = read_middle_frame(object, options.max_pixels, name);
  check_samples(frame.layout, name);
  image::Picture picture;
  picture.width = static_cast<int>(frame.layout.columns);
  picture.height = static_cast<int>(frame.layout.rows);
  const bool grey = frame.layout.photometric.starts_with("MONOCHROME");
  picture.mode = grey ? image::Mode::kGrey : image::Mode::kRgb;
  picture.samples = grey ? render_grey(object, frame, options) : render_colour(object, frame, name);
  return picture;
}

}  // namespace mi2::dicom
