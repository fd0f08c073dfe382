#include <png.h>

#include <mi2/error.hpp>

#include "image/png.hpp"

namespace mi2::image {

std::vector<std::byte> encode_png(const RasterView& raster) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(raster.width);
  image.height = static_cast<png_uint_32>(raster.height);
  image.format = raster.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::byte> encoded(bytes);
  if (png_image_write_to_memory(&image, encoded.data(), &bytes, 0, raster.samples.data(), 0, nullptr) == 0) {
    throw Error(Code::kInternal, "PNG encoding failed");
  }
  encoded.resize(bytes);
  return encoded;
}

}  // namespace mi2::image
