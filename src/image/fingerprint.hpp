#pragma once
// By what copies of a picture are found: a hash of its samples, and one of what it shows.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <mi2/image.hpp>

namespace mi2::image {

/// What stored samples are. Pictures of equal bytes differ if this does.
struct StoredKind {
  std::string_view photometric = "MONOCHROME2";  ///< as DICOM has it; "RGB"
  unsigned bits = 8;                             ///< a sample takes
  bool is_signed = false;
  bool floating = false;
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  unsigned orientation = 1;  ///< in which they are shown: TIFF's number
};

/// As Fingerprint has them.
struct StoredPixels {
  std::string sha256;
  bool blank = false;
};

/// @param samples  [height, width, channels], little endian, without padding and without bits that are not the value's.
StoredPixels stored_pixels(const StoredKind& kind, std::span<const std::byte> samples);

/// What grey in which 0 is black is, if its samples are of this type.
template <typename Sample>
StoredKind grey_kind(std::uint64_t width, std::uint64_t height) {
  StoredKind kind;
  kind.bits = 8 * sizeof(Sample);
  kind.is_signed = std::is_signed_v<Sample>;
  kind.floating = std::is_floating_point_v<Sample>;
  kind.width = width;
  kind.height = height;
  return kind;
}

template <typename Sample>
StoredPixels stored_grey(std::span<const Sample> samples, std::uint64_t width, std::uint64_t height) {
  return stored_pixels(grey_kind<Sample>(width, height), std::as_bytes(samples));
}

/// Fingerprint::dhash. @param shown  "L" or "RGB".
std::optional<std::uint64_t> difference_hash(const ImageView& shown);

/// @param shown   as See has it.
/// @param stored  nothing: what is shown is what was stored.
Fingerprint fingerprint(const ImageView& shown, const std::optional<StoredPixels>& stored);

}  // namespace mi2::image
