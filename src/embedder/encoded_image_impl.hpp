#pragma once
// What is behind an EncodedImage.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/encoded_image.hpp>

#include "embedder/preparer.hpp"
#include "image/frames.hpp"

namespace mi2 {

struct EncodedImage::Impl {
  /// @throws as Embedder::open_image.
  Impl(std::vector<std::byte> encoded, std::string_view called, const ImageOptions& options, int model_width,
       int model_height);

  std::string name;
  std::vector<std::byte> bytes;
  embedder::Preparer preparer;
  std::unique_ptr<image::Source> source;
  image::FrameRange range;
  int width;  ///< of the model's pixels
  int height;
};

}  // namespace mi2
