#include "image/fingerprint.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/hash.hpp"

namespace mi2::image {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are hashed in little endian");

constexpr std::size_t kCellRows = 8;
constexpr std::size_t kCellColumns = 9;
/// Shades: what encoding with losses may change of the mean of a cell in which there is nothing.
constexpr double kOneShade = 1;

struct CellStrip {
  std::size_t first = 0;
  std::size_t end = 0;
};

/// Cell `i` of `count` along a side; at least a pixel, so that cells of a small picture overlap.
CellStrip cell_strip(std::size_t i, std::size_t count, std::uint64_t side) noexcept {
  const auto first = static_cast<std::size_t>(i * side / count);
  return {first, std::max(first + 1, static_cast<std::size_t>((i + 1) * side / count))};
}

/// Sums of the columns of some rows, each of `samples.size() / rows` samples.
std::vector<std::uint64_t> column_sums(std::span<const std::uint8_t> samples, std::size_t rows) {
  constexpr std::size_t kAtOnce = 257;  // rows whose sum 16 bits hold
  const std::size_t width = samples.size() / rows;
  std::vector<std::uint64_t> sums(width);
  std::vector<std::uint16_t> some(width);
  for (std::size_t first = 0; first < rows; first += kAtOnce) {
    std::fill(some.begin(), some.end(), std::uint16_t{0});
    for (std::size_t y = first; y < std::min(first + kAtOnce, rows); ++y) {
      const std::uint8_t* const row = samples.data() + y * width;
      std::uint16_t* const sum = some.data();
      for (std::size_t x = 0; x < width; ++x) sum[x] = static_cast<std::uint16_t>(sum[x] + row[x]);
    }
    for (std::size_t x = 0; x < width; ++x) sums[x] += some[x];
  }
  return sums;
}

/// In thousandths of a shade.
std::uint64_t grey_sum(std::span<const std::uint64_t> samples) noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t sample : samples) sum += sample;
  return 1000 * sum;
}

/// The same of luma, as Pillow weighs it.
std::uint64_t colour_sum(std::span<const std::uint64_t> samples) noexcept {
  std::array<std::uint64_t, 3> sums{};
  for (std::size_t i = 0; i + 3 <= samples.size(); i += 3) {
    sums[0] += samples[i];
    sums[1] += samples[i + 1];
    sums[2] += samples[i + 2];
  }
  return 299 * sums[0] + 587 * sums[1] + 114 * sums[2];
}

/// The mean shades of a row of cells: one division of whole numbers each, the same on every machine.
std::array<double, kCellColumns> means_of(const ImageView& shown, const CellStrip& rows) {
  const bool grey = shown.mode == "L";
  const std::size_t channels = grey ? 1 : 3;
  const auto width = static_cast<std::size_t>(shown.width);
  const std::span<const std::uint8_t> samples(reinterpret_cast<const std::uint8_t*>(shown.samples.data()),
                                              shown.samples.size());
  const std::size_t down = rows.end - rows.first;
  const std::vector<std::uint64_t> sums =
      column_sums(samples.subspan(rows.first * width * channels, down * width * channels), down);
  std::array<double, kCellColumns> means{};
  for (std::size_t c = 0; c < kCellColumns; ++c) {
    const CellStrip columns = cell_strip(c, kCellColumns, shown.width);
    const std::size_t across = columns.end - columns.first;
    const auto part = std::span(sums).subspan(columns.first * channels, across * channels);
    const std::uint64_t sum = grey ? grey_sum(part) : colour_sum(part);
    means.at(c) = static_cast<double>(sum) / static_cast<double>(1000 * down * across);
  }
  return means;
}

/// RGB that holds no colour, as a palette of greys is shown; empty if it holds some.
std::vector<std::byte> grey_of(std::span<const std::byte> rgb) {
  for (std::size_t i = 0; i + 3 <= rgb.size(); i += 3) {
    if (rgb[i] != rgb[i + 1] || rgb[i] != rgb[i + 2]) return {};
  }
  std::vector<std::byte> grey(rgb.size() / 3);
  for (std::size_t i = 0; i < grey.size(); ++i) grey[i] = rgb[3 * i];
  return grey;
}

StoredPixels pixels_of(const ImageView& shown) {
  StoredKind kind;
  kind.width = shown.width;
  kind.height = shown.height;
  if (shown.mode == "L") return stored_pixels(kind, shown.samples);
  if (const std::vector<std::byte> grey = grey_of(shown.samples); !grey.empty()) return stored_pixels(kind, grey);
  kind.photometric = "RGB";
  return stored_pixels(kind, shown.samples);
}

}  // namespace

StoredPixels stored_pixels(const StoredKind& kind, std::span<const std::byte> samples) {
  std::string what =
      fmt::format("mi2 pixels 1\n{} {} {}{} {} {}\n", kind.photometric, kind.bits,
                  kind.is_signed ? "signed" : "unsigned", kind.floating ? " float" : "", kind.width, kind.height);
  if (kind.orientation != 1) what += fmt::format("orientation {}\n", kind.orientation);
  StoredPixels stored;
  stored.sha256 = base::sha256_hex(std::as_bytes(std::span(what)), samples);
  // All samples are equal if each is the one before it.
  const std::size_t pixel = kind.bits / 8 * (kind.photometric == "RGB" ? 3 : 1);
  stored.blank =
      samples.size() <= pixel || std::memcmp(samples.data(), samples.data() + pixel, samples.size() - pixel) == 0;
  return stored;
}

std::optional<std::uint64_t> difference_hash(const ImageView& shown) {
  const bool grey = shown.mode == "L";
  if ((!grey && shown.mode != "RGB") || shown.width == 0 || shown.height == 0) {
    throw Error(Code::kBadArgument, "a hash of what is shown: expected a grey or RGB image");
  }
  std::array<std::array<double, kCellColumns>, kCellRows> means{};
  double least = 255;
  double most = 0;
  for (std::size_t r = 0; r < kCellRows; ++r) {
    means.at(r) = means_of(shown, cell_strip(r, kCellRows, shown.height));
    for (const double mean : means.at(r)) {
      least = std::min(least, mean);
      most = std::max(most, mean);
    }
  }
  if (most - least <= kOneShade) return std::nullopt;
  std::uint64_t hash = 0;
  for (const std::array<double, kCellColumns>& row : means) {
    for (std::size_t c = 0; c + 1 < kCellColumns; ++c)
      hash = hash << 1U | (row.at(c + 1) - row.at(c) > kOneShade ? 1U : 0U);
  }
  return hash;
}

Fingerprint fingerprint(const ImageView& shown, const std::optional<StoredPixels>& stored) {
  Fingerprint found;
  const StoredPixels pixels = stored ? *stored : pixels_of(shown);
  found.pixels_sha256 = pixels.sha256;
  found.blank = pixels.blank;
  found.dhash = difference_hash(shown);
  return found;
}

}  // namespace mi2::image
