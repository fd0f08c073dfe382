#include "image/jpeg.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/jpeg_errors.hpp"
#include "image/readers.hpp"

#include <jerror.h>

namespace mi2::image {
namespace {

/// The least Huffman coding takes for 8 x 8 samples is a bit (progressive, DC only); subsampling stretches that to 1024
/// pixels for 9 bits.
constexpr std::uint64_t kPixelsAByte = 1024;
constexpr int kMaxScans = 500;
/// Scans x pixels a progressive file may ask for: every scan walks the whole image.
constexpr std::uint64_t kMaxScanPixels = 8'000'000'000;
/// Of what is missing, to be refused in any case: each takes half a microsecond.
constexpr int kMostMessages = 1 << 18;

struct ErrorManager : JpegErrors {
  bool too_many_scans = false;
  bool ends_early = false;  ///< the data of a scan end before its last pixel
  int messages_after = 0;   ///< since then
  unsigned components = 0;  ///< a bit for each that a scan was seen of
  Warnings warnings{};
};

ErrorManager* manager(j_common_ptr info) {
  return static_cast<ErrorManager*>(reinterpret_cast<JpegErrors*>(info->err));
}

/// Level -1 is a complaint about the data; the others are a trace.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  ErrorManager* const errors = manager(info);
  const int code = info->err->msg_code;
  errors->ends_early = errors->ends_early || code == JWRN_HIT_MARKER || code == JWRN_JPEG_EOF;
  // It is refused in any case. With restart markers, every block that is missing would be another message.
  if (errors->ends_early && ++errors->messages_after > kMostMessages) std::longjmp(errors->jump, 1);
  if (code == JWRN_JFIF_MAJOR) return;  // says nothing of the pixels
  std::array<char, JMSG_LENGTH_MAX> text{};
  info->err->format_message(info, text.data());
  add_warning(errors->warnings, fmt::format("codec: JPEG: {}", library_text(text.data())));
}

void on_progress(j_common_ptr info) {
  const auto* in = reinterpret_cast<j_decompress_ptr>(info);
  for (int i = 0; i < in->comps_in_scan; ++i) {
    manager(info)->components |= 1U << static_cast<unsigned>(in->cur_comp_info[i]->component_index);
  }
  const auto scans = static_cast<std::uint64_t>(in->input_scan_number);
  if (scans > kMaxScans || scans * in->image_width * in->image_height > kMaxScanPixels) {
    manager(info)->too_many_scans = true;
    std::longjmp(manager(info)->jump, 1);
  }
}

/// All bytes are there from the start: asking for more means the file is truncated, and suspends the decoder.
boolean fill_nothing(j_decompress_ptr) { return FALSE; }

void skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  const std::size_t step = std::min(static_cast<std::size_t>(count), info->src->bytes_in_buffer);
  info->src->next_input_byte += step;
  info->src->bytes_in_buffer -= step;
}

void ignore(j_decompress_ptr) {}

enum class Outcome { kDone, kTruncated, kError };

/// One decompression. Functions that libjpeg may leave by longjmp own nothing that needs a destructor.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) {
    init_errors(errors_);
    errors_.base.emit_message = on_message;
    info_.err = &errors_.base;
    source_.init_source = ignore;
    source_.fill_input_buffer = fill_nothing;
    source_.skip_input_data = skip;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = ignore;
    source_.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source_.bytes_in_buffer = bytes.size();
    progress_.progress_monitor = on_progress;
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&info_); }

  Outcome read_header() {
    if (setjmp(errors_.jump) != 0) return Outcome::kError;
    jpeg_create_decompress(&info_);
    info_.src = &source_;
    info_.progress = &progress_;
    int state = JPEG_HEADER_TABLES_ONLY;
    while (state == JPEG_HEADER_TABLES_ONLY) state = jpeg_read_header(&info_, FALSE);
    return state == JPEG_SUSPENDED ? Outcome::kTruncated : Outcome::kDone;
  }

  /// @param out  [height, width, components]
  Outcome read_rows(std::uint8_t* out) {
    if (setjmp(errors_.jump) != 0) return Outcome::kError;
    const J_COLOR_SPACE spaces[] = {JCS_UNKNOWN, JCS_GRAYSCALE, JCS_UNKNOWN, JCS_RGB, JCS_CMYK};
    info_.out_color_space = spaces[info_.num_components];
    if (jpeg_start_decompress(&info_) == FALSE) return Outcome::kTruncated;
    const std::size_t row_bytes = std::size_t{info_.output_width} * static_cast<std::size_t>(info_.output_components);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = out + std::size_t{info_.output_scanline} * row_bytes;
      if (jpeg_read_scanlines(&info_, &row, 1) != 1) return Outcome::kTruncated;
    }
    if (misses_scans()) add_warning(errors_.warnings, "codec: JPEG: a progressive stream without its last scans");
    if (!sees_all_components()) return Outcome::kTruncated;
    jpeg_finish_decompress(&info_);  // every row is there: a missing end marker is forgiven
    return errors_.ends_early ? Outcome::kTruncated : Outcome::kDone;
  }

  [[nodiscard]] const Warnings& warnings() const noexcept { return errors_.warnings; }

  [[nodiscard]] const jpeg_decompress_struct& info() const noexcept { return info_; }

  [[noreturn]] void fail(Outcome outcome, std::string_view name) {
    if (outcome == Outcome::kTruncated || errors_.messages_after > kMostMessages) {
      throw Error(Code::kBadFile, fmt::format("{}: truncated JPEG", name));
    }
    if (errors_.too_many_scans) {
      throw Error(Code::kTooLarge, fmt::format("{}: progressive JPEG with too many scans", name));
    }
    char text[JMSG_LENGTH_MAX] = "";
    errors_.base.format_message(reinterpret_cast<j_common_ptr>(&info_), text);
    const int code = errors_.base.msg_code;
    const bool unsupported = code == JERR_SOF_UNSUPPORTED || code == JERR_BAD_PRECISION ||
                             code == JERR_CONVERSION_NOTIMPL || code == JERR_NOTIMPL;
    throw Error(unsupported ? Code::kUnsupported : Code::kBadFile,
                fmt::format("{}: {} JPEG: {}", name, unsupported ? "unsupported" : "corrupt", library_text(text)));
  }

 private:
  /// Whether bits of a coefficient never came.
  [[nodiscard]] bool misses_scans() const {
    if (info_.progressive_mode == FALSE || info_.coef_bits == nullptr) return false;
    return std::any_of(info_.coef_bits, info_.coef_bits + info_.num_components, [](const int* bits) {
      return std::any_of(bits, bits + DCTSIZE2, [](int left) { return left != 0; });
    });
  }

  /// A component without a scan of its own would be grey.
  [[nodiscard]] bool sees_all_components() {
    return jpeg_has_multiple_scans(&info_) == FALSE || errors_.components == (1U << info_.num_components) - 1;
  }

  jpeg_decompress_struct info_{};
  ErrorManager errors_;
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
};

/// The compressed stream, in memory libjpeg allocates.
struct Encoded {
  unsigned char* data = nullptr;
  unsigned long size = 0;
  Encoded() = default;
  Encoded(const Encoded&) = delete;
  Encoded& operator=(const Encoded&) = delete;
  ~Encoded() { std::free(data); }  // NOLINT(cppcoreguidelines-no-malloc): jpeg_mem_dest's contract
};

bool encode(const Pixels& pixels, int quality, Encoded& out) {
  JpegErrors errors;
  init_errors(errors);
  jpeg_compress_struct info{};
  info.err = &errors.base;
  if (setjmp(errors.jump) != 0) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &out.data, &out.size);
  info.image_width = static_cast<JDIMENSION>(pixels.width);
  info.image_height = static_cast<JDIMENSION>(pixels.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    const std::uint8_t* at = pixels.samples.data() + std::size_t{info.next_scanline} * info.image_width * 3;
    JSAMPROW row = const_cast<JSAMPROW>(at);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  Decoder decoder(bytes);
  Outcome outcome = decoder.read_header();
  if (outcome != Outcome::kDone) decoder.fail(outcome, name);
  const int components = decoder.info().num_components;
  check_size(decoder.info().image_width, decoder.info().image_height, options, name);
  check_plausible(std::uint64_t{decoder.info().image_width} * decoder.info().image_height, bytes.size(), kPixelsAByte,
                  name);
  if (components != 1 && components != 3 && components != 4) {
    throw Error(Code::kUnsupported, fmt::format("{}: JPEG with {} components; 1, 3 or 4 are read", name, components));
  }
  Image image;
  image.mode = components == 1 ? Mode::kGrey : components == 3 ? Mode::kRgb : Mode::kCmyk;
  image.width = static_cast<int>(decoder.info().image_width);
  image.height = static_cast<int>(decoder.info().image_height);
  image.samples.resize(std::size_t{decoder.info().image_width} * decoder.info().image_height *
                       static_cast<std::size_t>(components));
  outcome = decoder.read_rows(image.samples.data());
  if (outcome != Outcome::kDone) decoder.fail(outcome, name);
  image.warnings = decoder.warnings();
  if (components == 4) {
    for (std::uint8_t& sample : image.samples) sample = static_cast<std::uint8_t>(~sample);
  }
  return image;
}

std::vector<std::byte> encode_jpeg(const Pixels& pixels, int quality) {
  Encoded encoded;
  if (!encode(pixels, quality, encoded)) throw Error(Code::kInternal, "JPEG encoding failed");
  const auto* data = reinterpret_cast<const std::byte*>(encoded.data);
  return {data, data + encoded.size};
}

}  // namespace mi2::image
