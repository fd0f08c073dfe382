#pragma once
// What a frame's stored values are, whatever they are encoded as.

#include "dicom/frame.hpp"
#include "image/fingerprint.hpp"

namespace mi2::dicom {

/// Of a grey frame. Its values count, not how many bits each of them is stored in, nor overlays beside them: a decoder
/// of JPEG 2000 knows neither.
image::StoredPixels stored_pixels(const Frame& frame);

}  // namespace mi2::dicom
