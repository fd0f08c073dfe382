#pragma once
// What is behind an EncodedImage.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/encoded_image.hpp>

#include "base/files.hpp"
#include "embedder/preparer.hpp"
#include "image/frames.hpp"

namespace mi2 {

struct EncodedImage::Impl {
  /// @throws as Embedder::open_image.
  Impl(std::vector<std::byte> encoded, std::string_view called, const ImageOptions& options, int model_width,
       int model_height);

  /// Of a whole slide, whose files stay on disk.
  Impl(std::span<const std::filesystem::path> paths, std::string_view called, const ImageOptions& options,
       int model_width, int model_height);

  std::string name;
  std::vector<std::byte> bytes;
  std::vector<base::MappedFile> files;  ///< in place of bytes
  embedder::Preparer preparer;
  std::unique_ptr<image::Source> source;
  image::FrameRange range;
  int width;  ///< of the model's pixels
  int height;
  mutable std::atomic<std::uint64_t> read{0};  ///< tiles
};

}  // namespace mi2
