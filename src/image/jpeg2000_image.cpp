#include "image/jpeg2000_image.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/intensity.hpp"
#include "image/jpeg2000.hpp"
#include "image/jpeg2000_header.hpp"
#include "image/readers.hpp"

namespace mi2::image {
namespace {

std::uint32_t code_at(const Jpeg2000Samples& samples, std::size_t i) noexcept {
  if (samples.precision <= 8) return samples.bytes[i];
  return samples.bytes[i * 2] | static_cast<std::uint32_t>(samples.bytes[i * 2 + 1]) << 8U;
}

std::uint8_t to_byte(std::uint32_t code, const Jpeg2000Samples& samples) noexcept {
  const std::uint32_t most = (1U << samples.precision) - 1;
  // Two's complement plus half its range: the order of the values.
  if (samples.is_signed) code ^= 1U << (samples.precision - 1);
  if (samples.precision >= 8) return static_cast<std::uint8_t>(code >> (samples.precision - 8));
  return static_cast<std::uint8_t>((code * 255 + most / 2) / most);
}

void read_deep_grey(const Jpeg2000Samples& samples, const DecodeOptions& options, Image& image) {
  const std::size_t pixels = samples.bytes.size() / (samples.precision > 8 ? 2 : 1);
  std::vector<std::int32_t> values(pixels);
  const unsigned unused = 32 - samples.precision;
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::uint32_t code = code_at(samples, i);
    values[i] =
        samples.is_signed ? static_cast<std::int32_t>(code << unused) >> unused : static_cast<std::int32_t>(code);
  }
  if (options.fingerprint) {
    // As other files of as many bits have them.
    if (samples.is_signed) {
      image.stored = stored_grey<std::int16_t>(std::vector<std::int16_t>(values.begin(), values.end()), samples.width,
                                               samples.height);
    } else {
      image.stored = stored_grey<std::uint16_t>(std::vector<std::uint16_t>(values.begin(), values.end()), samples.width,
                                                samples.height);
    }
  }
  image.samples = to_8bit(std::span<const std::int32_t>(values), options.intensity, &image.warnings);
}

Mode mode_of(const Jpeg2000Samples& samples) noexcept {
  switch (samples.components) {
    case 1:
      return Mode::kGrey;
    case 2:
      return Mode::kGreyAlpha;
    case 3:
      return Mode::kRgb;
    default:
      return samples.cmyk ? Mode::kCmyk : Mode::kRgba;
  }
}

}  // namespace

void ycbcr_to_rgb(std::vector<std::uint8_t>& samples, std::size_t step) {
  const auto clamped = [](double x) { return static_cast<std::uint8_t>(std::clamp(std::lround(x), 0L, 255L)); };
  for (std::size_t i = 0; i + 3 <= samples.size(); i += step) {
    const double y = samples[i];
    const double blue = samples[i + 1] - 128.0;
    const double red = samples[i + 2] - 128.0;
    samples[i] = clamped(y + 1.402 * red);
    samples[i + 1] = clamped(y - 0.344136286 * blue - 0.714136286 * red);
    samples[i + 2] = clamped(y + 1.772 * blue);
  }
}

Image decode_jpeg2000_file(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  const std::span<const std::uint8_t> data(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  const Jpeg2000Header header = read_jpeg2000_header(find_codestream(data), options.max_pixels, name);
  check_size(header.width, header.height, options, name);
  Image image;
  const Jpeg2000Samples samples = decode_jpeg2000(data, options.max_pixels, name, image.warnings);
  image.mode = mode_of(samples);
  image.width = static_cast<int>(samples.width);
  image.height = static_cast<int>(samples.height);
  if (image.mode == Mode::kGrey && (samples.precision > 8 || samples.is_signed)) {
    read_deep_grey(samples, options, image);
    return image;
  }
  const std::size_t count = samples.width * samples.height * samples.components;
  image.samples.resize(count);
  for (std::size_t i = 0; i < count; ++i) image.samples[i] = to_byte(code_at(samples, i), samples);
  if (samples.ycbcr && samples.components >= 3) ycbcr_to_rgb(image.samples, samples.components);
  return image;
}

}  // namespace mi2::image
