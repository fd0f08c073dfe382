#include "image/jpeg2000.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <openjpeg.h>

#include <mi2/error.hpp>

#include "image/jpeg2000_header.hpp"
#include "image/readers.hpp"

namespace mi2::image {
namespace {

struct Memory {
  std::span<const std::uint8_t> bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read_memory(void* to, OPJ_SIZE_T size, void* user) {
  auto& from = *static_cast<Memory*>(user);
  const std::size_t step = std::min<std::size_t>(size, from.bytes.size() - from.at);
  if (step == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(to, from.bytes.data() + from.at, step);
  from.at += step;
  return step;
}

OPJ_OFF_T skip_memory(OPJ_OFF_T size, void* user) {
  auto& from = *static_cast<Memory*>(user);
  if (size < 0) return -1;
  const std::size_t step = std::min<std::size_t>(static_cast<std::size_t>(size), from.bytes.size() - from.at);
  if (step == 0 && size > 0) return -1;
  from.at += step;
  return static_cast<OPJ_OFF_T>(step);
}

OPJ_BOOL seek_memory(OPJ_OFF_T offset, void* user) {
  auto& from = *static_cast<Memory*>(user);
  if (offset < 0 || static_cast<std::uint64_t>(offset) > from.bytes.size()) return OPJ_FALSE;
  from.at = static_cast<std::size_t>(offset);
  return OPJ_TRUE;
}

/// What OpenJPEG says.
struct Messages {
  std::string error;
  Warnings warnings;
};

void on_error(const char* text, void* user) {
  auto& error = static_cast<Messages*>(user)->error;
  if (error.empty()) error = library_text(text);
}

void on_warning(const char* text, void* user) {
  add_warning(static_cast<Messages*>(user)->warnings, fmt::format("codec: JPEG 2000: {}", library_text(text)));
}

void on_info(const char*, void*) {}

using Codec = std::unique_ptr<opj_codec_t, void (*)(opj_codec_t*)>;
using Stream = std::unique_ptr<opj_stream_t, void (*)(opj_stream_t*)>;
using Decoded = std::unique_ptr<opj_image_t, void (*)(opj_image_t*)>;

Stream open_stream(Memory& memory) {
  constexpr OPJ_SIZE_T kBuffer = 1U << 16U;
  Stream stream(opj_stream_create(kBuffer, OPJ_TRUE), opj_stream_destroy);
  if (!stream) throw std::bad_alloc();
  opj_stream_set_user_data(stream.get(), &memory, nullptr);
  opj_stream_set_user_data_length(stream.get(), memory.bytes.size());
  opj_stream_set_read_function(stream.get(), read_memory);
  opj_stream_set_skip_function(stream.get(), skip_memory);
  opj_stream_set_seek_function(stream.get(), seek_memory);
  return stream;
}

Decoded decode_image(std::span<const std::uint8_t> bytes, bool file, Messages& messages, std::string_view name) {
  const Codec codec(opj_create_decompress(file ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K), opj_destroy_codec);
  if (!codec) throw std::bad_alloc();
  opj_set_error_handler(codec.get(), on_error, &messages);
  opj_set_warning_handler(codec.get(), on_warning, &messages);
  opj_set_info_handler(codec.get(), on_info, nullptr);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  Memory memory{bytes};
  const Stream stream = open_stream(memory);
  opj_image_t* image = nullptr;
  // A stream that ends early is refused: its missing pixels would be grey.
  const bool open = opj_setup_decoder(codec.get(), &parameters) != 0 &&
                    opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE) != 0 &&
                    opj_read_header(stream.get(), codec.get(), &image) != 0;
  Decoded out(image, opj_image_destroy);
  if (open && opj_decode(codec.get(), stream.get(), out.get()) != 0) {
    // What follows the last tile is not needed.
    opj_end_decompress(codec.get(), stream.get());
    return out;
  }
  throw Error(Code::kBadFile, fmt::format("{}: JPEG 2000 cannot be decoded ({})", name, messages.error));
}

/// OpenJPEG makes an image of samples of each column of a palette, of which the codestream's header, by which the cost
/// of decoding is known, says nothing.
/// @param boxes  before the codestream.
void check_columns(std::span<const std::uint8_t> boxes, std::string_view name) {
  constexpr std::string_view kKind = "pclr";
  constexpr std::size_t kColumns = kKind.size() + 2;  // where it says how many, after the number of its entries
  constexpr unsigned kMostColumns = 4;
  const std::string_view text(reinterpret_cast<const char*>(boxes.data()), boxes.size());
  for (std::size_t at = text.find(kKind); at != std::string_view::npos && text.size() - at > kColumns;
       at = text.find(kKind, at + 1)) {
    const unsigned columns = boxes[at + kColumns];
    if (columns > kMostColumns) {
      throw Error(Code::kUnsupported,
                  fmt::format("{}: JPEG 2000 with a palette of {} columns is not read", name, columns));
    }
  }
}

void check_components(const opj_image_t& image, const Jpeg2000Header& header, std::string_view name) {
  bool fits = image.numcomps >= 1 && image.numcomps <= 4;
  for (OPJ_UINT32 c = 0; fits && c < image.numcomps; ++c) {
    const opj_image_comp_t& comp = image.comps[c];
    fits = comp.data != nullptr && comp.w == header.width && comp.h == header.height && comp.prec >= 1 &&
           comp.prec <= 16 && comp.prec == image.comps[0].prec && comp.sgnd == image.comps[0].sgnd;
  }
  if (!fits)
    throw Error(Code::kUnsupported, fmt::format("{}: JPEG 2000 with components that differ is not read", name));
}

/// Colours that would be taken for RGB. Of CIELab OpenJPEG keeps the parameters, as a profile without a length.
void check_colours(const opj_image_t& image, std::string_view name) {
  const bool lab = image.icc_profile_buf != nullptr && image.icc_profile_len == 0;
  if (image.color_space != OPJ_CLRSPC_EYCC && !lab) return;
  throw Error(Code::kUnsupported,
              fmt::format("{}: JPEG 2000 with colours in {} is not read", name, lab ? "CIELab" : "e-sYCC"));
}

std::vector<std::uint8_t> interleave(const opj_image_t& image, std::size_t pixels) {
  const unsigned bits = image.comps[0].prec;
  const std::size_t size = bits > 8 ? 2 : 1;
  const std::size_t step = image.numcomps * size;
  const std::uint32_t mask = (1U << bits) - 1;
  std::vector<std::uint8_t> out(pixels * step);
  for (OPJ_UINT32 c = 0; c < image.numcomps; ++c) {
    std::uint8_t* to = out.data() + c * size;
    const OPJ_INT32* from = image.comps[c].data;
    for (std::size_t i = 0; i < pixels; ++i, to += step) {
      const std::uint32_t code = static_cast<std::uint32_t>(from[i]) & mask;
      to[0] = static_cast<std::uint8_t>(code);
      if (size == 2) to[1] = static_cast<std::uint8_t>(code >> 8U);
    }
  }
  return out;
}

}  // namespace

Jpeg2000Samples decode_jpeg2000(std::span<const std::uint8_t> bytes, std::uint64_t max_pixels, std::string_view name,
                                Warnings& warnings) {
  const std::span<const std::uint8_t> codestream = find_codestream(bytes);
  const Jpeg2000Header header = read_jpeg2000_header(codestream, max_pixels, name);
  Messages messages;
  const bool file = codestream.data() != bytes.data();
  if (file) check_columns(bytes.first(static_cast<std::size_t>(codestream.data() - bytes.data())), name);
  const Decoded image = decode_image(bytes, file, messages, name);
  check_components(*image, header, name);
  check_colours(*image, name);
  Jpeg2000Samples out;
  out.width = header.width;
  out.height = header.height;
  out.components = image->numcomps;
  out.precision = image->comps[0].prec;
  out.is_signed = image->comps[0].sgnd != 0;
  out.colour_transform = header.colour_transform && image->numcomps >= 3;
  out.ycbcr = image->color_space == OPJ_CLRSPC_SYCC;
  out.cmyk = image->color_space == OPJ_CLRSPC_CMYK;
  out.bytes = interleave(*image, header.width * header.height);
  for (std::string& warning : messages.warnings) add_warning(warnings, std::move(warning));
  return out;
}

}  // namespace mi2::image
