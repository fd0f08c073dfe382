#pragma once
// JPEG files as libjpeg writes them, with settings that Pillow does not offer.

#include <cstdio>
#include <functional>
#include <vector>

#include <jpeglib.h>

#include "bytes.hpp"

namespace mi2::image::testing {

/// Grey, RGB or CMYK by `components`; every row is `row`. @param set  changes libjpeg's defaults.
Bytes jpeg_of(int width, int height, int components, std::vector<JSAMPLE> row,
              const std::function<void(jpeg_compress_struct&)>& set);

}  // namespace mi2::image::testing
