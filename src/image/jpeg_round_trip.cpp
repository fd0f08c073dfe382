#define JPEG_INTERNALS  // the header's word for showing the entropy coders' interfaces (libjpeg.txt has the rest)
#include "image/jpeg_round_trip.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <mi2/error.hpp>

#include "image/jpeg_errors.hpp"

namespace mi2::image {
namespace {

/// Blocks of coefficients on their way, in the order in which they are coded.
struct Coefficients {
  std::vector<JCOEF> values;  ///< room for blocks of DCTSIZE2
  std::size_t written = 0;
  std::size_t read = 0;
};

Coefficients& coefficients_of(void* client) { return *static_cast<Coefficients*>(client); }

/// Takes the place of the encoder's last step.
boolean keep_blocks(j_compress_ptr info, JBLOCKROW* unit) {
  Coefficients& to = coefficients_of(info->client_data);
  const std::size_t size = static_cast<std::size_t>(info->blocks_in_MCU) * DCTSIZE2;
  if (to.values.size() - to.written < size) return FALSE;
  for (int i = 0; i < info->blocks_in_MCU; ++i, to.written += DCTSIZE2) {
    std::memcpy(&to.values[to.written], unit[i], sizeof(JBLOCK));
  }
  return TRUE;
}

/// Takes the place of the decoder's first. It waits for blocks that are not there yet.
boolean give_blocks(j_decompress_ptr info, JBLOCKROW* unit) {
  Coefficients& from = coefficients_of(info->client_data);
  const std::size_t size = static_cast<std::size_t>(info->blocks_in_MCU) * DCTSIZE2;
  if (from.written - from.read < size) return FALSE;
  for (int i = 0; i < info->blocks_in_MCU; ++i, from.read += DCTSIZE2) {
    std::memcpy(unit[i], &from.values[from.read], sizeof(JBLOCK));
  }
  if (from.read == from.written) from.read = from.written = 0;
  return TRUE;
}

/// The encoder's output, which is headers alone. A few hundred bytes are needed.
struct Headers {
  jpeg_destination_mgr manager{};
  std::array<JOCTET, 4096> bytes{};

  Headers() {
    manager.next_output_byte = bytes.data();
    manager.free_in_buffer = bytes.size();
    manager.init_destination = [](j_compress_ptr) {};
    manager.empty_output_buffer = [](j_compress_ptr) -> boolean { return FALSE; };
    manager.term_destination = [](j_compress_ptr) {};
  }
};

/// An encoder and a decoder, side by side. Functions that libjpeg may leave by longjmp own nothing that needs a
/// destructor.
class RoundTrip {
 public:
  explicit RoundTrip(Raster& raster)
      : raster_(raster),
        row_bytes_(static_cast<std::size_t>(raster.width) * static_cast<std::size_t>(raster.channels)) {
    init_errors(errors_);
    writer_.err = &errors_.base;
    reader_.err = &errors_.base;
  }
  RoundTrip(const RoundTrip&) = delete;
  RoundTrip& operator=(const RoundTrip&) = delete;
  ~RoundTrip() {
    jpeg_destroy_compress(&writer_);
    jpeg_destroy_decompress(&reader_);
  }

  bool run(int quality) {
    if (!start_writing(quality)) return false;
    coefficients_.values.resize(std::size_t{writer_.MCUs_per_row} * static_cast<std::size_t>(writer_.blocks_in_MCU) *
                                DCTSIZE2);
    return pass_rows();
  }

 private:
  bool start_writing(int quality) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_compress(&writer_);
    writer_.image_width = static_cast<JDIMENSION>(raster_.width);
    writer_.image_height = static_cast<JDIMENSION>(raster_.height);
    writer_.input_components = raster_.channels;
    writer_.in_color_space = raster_.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    writer_.dest = &headers_.manager;
    jpeg_set_defaults(&writer_);
    jpeg_set_quality(&writer_, quality, TRUE);
    jpeg_start_compress(&writer_, TRUE);
    writer_.client_data = &coefficients_;
    writer_.entropy->encode_mcu = keep_blocks;
    return true;
  }

  /// Once the encoder has written the headers.
  void start_reading() {
    jpeg_create_decompress(&reader_);
    jpeg_mem_src(&reader_, headers_.bytes.data(), headers_.bytes.size() - headers_.manager.free_in_buffer);
    jpeg_read_header(&reader_, TRUE);
    reader_.out_color_space = reader_.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&reader_);
    reader_.client_data = &coefficients_;
    reader_.entropy->decode_mcu = give_blocks;
  }

  [[nodiscard]] JSAMPROW row(JDIMENSION y) const noexcept {
    return raster_.samples.data() + std::size_t{y} * row_bytes_;
  }

  /// A row of units to the encoder, then to the decoder, which writes rows that the encoder has taken.
  bool pass_rows() {
    if (setjmp(errors_.jump) != 0) return false;
    const auto unit_rows = static_cast<JDIMENSION>(DCTSIZE * writer_.max_v_samp_factor);
    while (writer_.next_scanline < writer_.image_height) {
      const bool first = writer_.next_scanline == 0;
      const JDIMENSION left = writer_.image_height - writer_.next_scanline;
      for (JDIMENSION i = left < unit_rows ? left : unit_rows; i > 0; --i) {
        JSAMPROW in = row(writer_.next_scanline);
        if (jpeg_write_scanlines(&writer_, &in, 1) != 1) return false;
      }
      if (first) start_reading();
      for (JDIMENSION got = 1; got == 1 && reader_.output_scanline < writer_.image_height;) {
        JSAMPROW out = row(reader_.output_scanline);
        got = jpeg_read_scanlines(&reader_, &out, 1);
      }
    }
    return reader_.output_scanline == writer_.image_height;
  }

  Raster& raster_;
  std::size_t row_bytes_;
  Headers headers_;
  Coefficients coefficients_;
  JpegErrors errors_;
  jpeg_compress_struct writer_{};
  jpeg_decompress_struct reader_{};
};

}  // namespace

void jpeg_round_trip(Raster& raster, int quality) {
  if (!RoundTrip(raster).run(quality)) throw Error(Code::kInternal, "JPEG encoding failed");
}

}  // namespace mi2::image
