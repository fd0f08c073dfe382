#define JPEG_INTERNALS  // the header's word for showing the entropy coders' interfaces (libjpeg.txt has the rest)
#include "image/jpeg_round_trip.hpp"

#include <cstdlib>
#include <cstring>
#include <vector>

#include <mi2/error.hpp>

#include "image/jpeg_errors.hpp"

namespace mi2::image {
namespace {

/// Blocks of coefficients in the order in which they are coded.
struct Coefficients {
  std::vector<JCOEF> values;  ///< [blocks, DCTSIZE2]
  std::size_t next = 0;

  /// The next `count` blocks, or null if there are fewer.
  JCOEF* take(int count) noexcept {
    const std::size_t size = static_cast<std::size_t>(count) * DCTSIZE2;
    if (values.size() - next < size) return nullptr;
    next += size;
    return values.data() + next - size;
  }
};

Coefficients& coefficients_of(void* client) { return *static_cast<Coefficients*>(client); }

/// Takes the place of the encoder's last step.
boolean keep_blocks(j_compress_ptr info, JBLOCKROW* unit) {
  JCOEF* to = coefficients_of(info->client_data).take(info->blocks_in_MCU);
  if (to == nullptr) return FALSE;
  for (int i = 0; i < info->blocks_in_MCU; ++i, to += DCTSIZE2) std::memcpy(to, unit[i], sizeof(JBLOCK));
  return TRUE;
}

/// Takes the place of the decoder's first.
boolean give_blocks(j_decompress_ptr info, JBLOCKROW* unit) {
  const JCOEF* from = coefficients_of(info->client_data).take(info->blocks_in_MCU);
  if (from == nullptr) return FALSE;
  for (int i = 0; i < info->blocks_in_MCU; ++i, from += DCTSIZE2) std::memcpy(unit[i], from, sizeof(JBLOCK));
  return TRUE;
}

/// The headers, in memory that libjpeg allocates.
struct Headers {
  unsigned char* data = nullptr;
  unsigned long size = 0;
  Headers() = default;
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  ~Headers() { std::free(data); }  // NOLINT(cppcoreguidelines-no-malloc): jpeg_mem_dest's contract
};

class CoefficientWriter {
 public:
  CoefficientWriter() {
    init_errors(errors_);
    info_.err = &errors_.base;
  }
  CoefficientWriter(const CoefficientWriter&) = delete;
  CoefficientWriter& operator=(const CoefficientWriter&) = delete;
  ~CoefficientWriter() { jpeg_destroy_compress(&info_); }

  /// Up to the first row. @returns how many blocks the image takes; 0: refused.
  std::size_t start(const RasterView& raster, int quality, Headers& headers) {
    if (setjmp(errors_.jump) != 0) return 0;
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &headers.data, &headers.size);
    info_.image_width = static_cast<JDIMENSION>(raster.width);
    info_.image_height = static_cast<JDIMENSION>(raster.height);
    info_.input_components = raster.channels;
    info_.in_color_space = raster.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, quality, TRUE);
    jpeg_start_compress(&info_, TRUE);
    info_.entropy->encode_mcu = keep_blocks;
    return std::size_t{info_.MCUs_per_row} * info_.MCU_rows_in_scan * static_cast<std::size_t>(info_.blocks_in_MCU);
  }

  bool run(const RasterView& raster, Coefficients& to) {
    if (setjmp(errors_.jump) != 0) return false;
    info_.client_data = &to;
    const std::size_t row_bytes = std::size_t{info_.image_width} * static_cast<std::size_t>(info_.input_components);
    while (info_.next_scanline < info_.image_height) {
      JSAMPROW row = const_cast<JSAMPROW>(raster.samples.data() + std::size_t{info_.next_scanline} * row_bytes);
      if (jpeg_write_scanlines(&info_, &row, 1) != 1) return false;
    }
    jpeg_finish_compress(&info_);
    return to.next == to.values.size();
  }

 private:
  jpeg_compress_struct info_{};
  JpegErrors errors_;
};

class CoefficientReader {
 public:
  CoefficientReader() {
    init_errors(errors_);
    info_.err = &errors_.base;
  }
  CoefficientReader(const CoefficientReader&) = delete;
  CoefficientReader& operator=(const CoefficientReader&) = delete;
  ~CoefficientReader() { jpeg_destroy_decompress(&info_); }

  /// @param out  as large as what the encoder was given.
  bool run(const Headers& headers, Coefficients& from, std::uint8_t* out) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.client_data = &from;
    jpeg_mem_src(&info_, headers.data, headers.size);
    jpeg_read_header(&info_, TRUE);
    info_.out_color_space = info_.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&info_);
    info_.entropy->decode_mcu = give_blocks;
    const std::size_t row_bytes = std::size_t{info_.output_width} * static_cast<std::size_t>(info_.output_components);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = out + std::size_t{info_.output_scanline} * row_bytes;
      if (jpeg_read_scanlines(&info_, &row, 1) != 1) return false;
    }
    return true;
  }

 private:
  jpeg_decompress_struct info_{};
  JpegErrors errors_;
};

}  // namespace

Raster jpeg_round_trip(const RasterView& raster, int quality) {
  Headers headers;
  Coefficients coefficients;
  Raster out{raster.width, raster.height, raster.channels, std::vector<std::uint8_t>(raster.samples.size())};
  bool done = false;
  {
    CoefficientWriter encoder;
    coefficients.values.resize(encoder.start(raster, quality, headers) * DCTSIZE2);
    done = encoder.run(raster, coefficients);
  }
  coefficients.next = 0;
  if (!done || !CoefficientReader().run(headers, coefficients, out.samples.data())) {
    throw Error(Code::kInternal, "JPEG encoding failed");
  }
  return out;
}

}  // namespace mi2::image
