#pragma once
// Images for tests of augmentations.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "image/image.hpp"
#include "support/middle_frame.hpp"

namespace mi2::dataset::testing {

/// A PNG of this folder, RGB.
inline image::Raster fixture(const std::string& name) {
  const auto path = std::filesystem::path(MI2_AUGMENT_DATA_DIR) / (name + ".png");
  const std::vector<std::byte> bytes = base::read_file(path, 1 << 20);
  return image::to_source(test::middle_frame(image::open(bytes, {}, name)), {});
}

/// Every sample differs from its neighbours, and so does every channel.
inline image::Raster numbered(int width, int height, int channels = 3) {
  image::Raster image{width, height, channels, {}};
  for (int i = 0; i < width * height * channels; ++i) image.samples.push_back(static_cast<std::uint8_t>(i * 37 % 251));
  return image;
}

inline std::uint64_t fnv1a(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0xCBF29CE484222325ULL;
  for (const std::uint8_t byte : bytes) value = (value ^ byte) * 0x100000001B3ULL;
  return value;
}

}  // namespace mi2::dataset::testing
