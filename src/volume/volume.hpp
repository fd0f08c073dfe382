#pragma once
// Volumes as images of many slices: NIfTI, NRRD and MetaImage.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "image/source.hpp"

#include <mi2/image.hpp>

namespace mi2::volume {

struct Options {
  std::uint64_t max_pixels = 200'000'000;             ///< of a slice
  std::uint64_t max_bytes = 1ULL << 30;               ///< of a compressed volume once it is unpacked
  std::optional<Window> window;                       ///< of values as the file scales them
  image::GreyRule intensity;                          ///< without a window
  std::optional<Plane> plane;                         ///< none: axial, or the plane of the only slice
  std::function<void(std::uint64_t pixels)> claim{};  ///< as ImageOptions::claim; of what is unpacked, and of a slice
  bool fingerprint = false;                           ///< whether image::Image::stored is made of grey
};

/// How many leading bytes looks_like_volume() wants to see.
inline constexpr std::size_t kSniffBytes = 4096;

/// Whether a file that starts so is of a format that open() knows, be it to refuse it by name.
bool looks_like_volume(std::span<const std::byte> head) noexcept;

/// Opens a volume. Its frames are its slices as radiologists look at them, of one volume after the other if there are
/// several; the middle one is the middle slice of the middle volume. docs/volumes.md has the rule.
/// @param bytes  outlive the source.
/// @throws Error{kBadFile} cut, corrupt or contradictory; {kUnsupported} naming what is not read; {kTooLarge}.
std::unique_ptr<image::Source> open(std::span<const std::byte> bytes, const Options& options, std::string_view name);

/// The file in which the voxels are, if `header` says that they are in another one, always in the folder of `path`.
/// @throws Error{kUnsupported} if they are in several, or elsewhere.
std::optional<std::filesystem::path> data_file(std::span<const std::byte> header, const std::filesystem::path& path);

/// A header and the file that data_file() found as one file, which open() reads.
/// @throws Error{kTooLarge} if that would be over `max_bytes`; as open().
std::vector<std::byte> joined(std::span<const std::byte> header, std::vector<std::byte> voxels, std::uint64_t max_bytes,
                              std::string_view name);

}  // namespace mi2::volume
