#pragma once
// The image that a file is taken for when nobody chooses a frame.

#include <memory>

#include "image/source.hpp"

namespace mi2::test {

/// Decodes the frame that represents an open image. @throws as Source::read().
inline image::Image middle_frame(const std::unique_ptr<image::Source>& source) {
  return source->read(source->middle());
}

}  // namespace mi2::test
