#include "image/png.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <png.h>
#include <zlib.h>

#include <mi2/error.hpp>

#include "image/intensity.hpp"
#include "image/png_data.hpp"
#include "image/readers.hpp"

namespace mi2::image {
namespace {

using Span = std::span<const std::byte>;

std::uint32_t big_endian(Span bytes) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

struct Header {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  int bits = 0;
  int colour = 0;
  bool interlaced = false;
};

/// What libpng needs of the file, so that no other chunk, however hostile, reaches it.
struct Chunks {
  Header header;
  std::vector<Span> parts;  ///< signature, IHDR, PLTE and IDAT, whole, in order
  std::size_t data = 0;     ///< the first of them that is an IDAT; those after it are, too
  Span palette;
  bool cut = false;  ///< the last part ends before its length says
};

[[noreturn]] void bad(std::string_view name, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}", name, what));
}

/// Walks the chunks as Pillow does: strict about checksums before the first IDAT, about lengths throughout, and content
/// to end anywhere after the last IDAT.
class Walker {
 public:
  Walker(Span bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  Chunks walk() {
    chunks_.parts.push_back(bytes_.first(8));
    at_ = 8;
    while (step()) {
    }
    if (!header_seen_) bad(name_, "PNG without a header");
    if (!data_seen_) bad(name_, "truncated PNG: no image data");
    return std::move(chunks_);
  }

 private:
  static bool letters(Span type) noexcept {
    return std::all_of(type.begin(), type.end(), [](std::byte b) {
      const auto c = std::to_integer<unsigned>(b);
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    });
  }

  /// @returns whether there may be another chunk.
  bool step() {
    const std::size_t left = bytes_.size() - at_;
    if (left < 8 || !letters(bytes_.subspan(at_ + 4, 4))) {
      if (data_seen_) return false;
      bad(name_, left < 8 ? "truncated PNG" : "corrupt PNG: not a chunk where one was expected");
    }
    const std::uint32_t length = big_endian(bytes_.subspan(at_));
    const Span type = bytes_.subspan(at_ + 4, 4);
    const auto is = [type](const char* text) { return std::memcmp(type.data(), text, 4) == 0; };
    if (is("IEND")) return false;
    const bool data = is("IDAT");
    if (length > left - 8) {
      // libpng meets the same end in the middle of the data and decides whether it had enough.
      if (!data) bad(name_, "truncated PNG");
      chunks_.parts.push_back(bytes_.subspan(at_));
      chunks_.cut = true;
      data_seen_ = true;
      return false;
    }
    if (!data && !data_seen_) check_sum(length, left);
    if (is("IHDR") && !header_seen_) read_header(length);
    if (is("PLTE") && !data_seen_) chunks_.palette = bytes_.subspan(at_ + 8, length);
    const std::size_t whole = std::min<std::size_t>(std::size_t{length} + 12, left);
    const bool palette = is("PLTE") && !data_seen_ && chunks_.header.colour == PNG_COLOR_TYPE_PALETTE;
    if (data && !data_seen_) chunks_.data = chunks_.parts.size();
    if ((data && !data_ended_) || palette || (is("IHDR") && chunks_.parts.size() == 1)) {
      chunks_.parts.push_back(bytes_.subspan(at_, whole));
    }
    data_ended_ = data_ended_ || (data_seen_ && !data);
    data_seen_ = data_seen_ || data;
    at_ += whole;
    return true;
  }

  void check_sum(std::uint32_t length, std::size_t left) {
    if (left < std::size_t{length} + 12) bad(name_, "truncated PNG");
    const auto* start = reinterpret_cast<const Bytef*>(bytes_.data() + at_ + 4);
    const auto found = crc32_z(crc32_z(0, nullptr, 0), start, std::size_t{length} + 4);
    if (found != big_endian(bytes_.subspan(at_ + 8 + length))) bad(name_, "corrupt PNG: wrong checksum in its header");
  }

  void read_header(std::uint32_t length) {
    if (length < 13) bad(name_, "truncated PNG header");
    header_seen_ = true;
    const Span data = bytes_.subspan(at_ + 8, length);
    chunks_.header = {big_endian(data), big_endian(data.subspan(4)), std::to_integer<int>(data[8]),
                      std::to_integer<int>(data[9]), std::to_integer<int>(data[12]) != 0};
  }

  Span bytes_;
  std::string_view name_;
  std::size_t at_ = 0;
  Chunks chunks_;
  bool header_seen_ = false;
  bool data_seen_ = false;
  bool data_ended_ = false;
};

/// libpng's read struct. Functions libpng may leave by longjmp own nothing that needs a destructor.
class Decoder {
 public:
  /// @param checked  whether the image data are known to be whole, so that checksums of chunks do not matter.
  Decoder(const Chunks& chunks, bool checked) : chunks_(chunks), checked_(checked) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

  /// @param out  [height, row_bytes]. @returns false on an error, see message().
  bool read(std::uint8_t* out, std::size_t row_bytes) {
    if (png_ == nullptr || info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, on_read);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_crc_action(png_, checked_ ? PNG_CRC_QUIET_USE : PNG_CRC_WARN_USE, PNG_CRC_QUIET_USE);
    png_set_check_for_invalid_index(png_, -1);
    png_read_info(png_, info_);
    const int colour = png_get_color_type(png_, info_);
    const int bits = png_get_bit_depth(png_, info_);
    if (colour == PNG_COLOR_TYPE_GRAY && bits < 8) png_set_expand_gray_1_2_4_to_8(png_);
    if (colour == PNG_COLOR_TYPE_PALETTE && bits < 8) png_set_packing(png_);
    if (bits == 16 && colour != PNG_COLOR_TYPE_GRAY) png_set_strip_16(png_);
    if (bits == 16 && colour == PNG_COLOR_TYPE_GRAY && std::endian::native == std::endian::little) png_set_swap(png_);
    const int passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != row_bytes) png_error(png_, "unexpected row size");
    for (int pass = 0; pass < passes; ++pass) {
      for (std::size_t y = 0; y < chunks_.header.height; ++y) png_read_row(png_, out + y * row_bytes, nullptr);
    }
    return true;
  }

  [[nodiscard]] const char* message() const noexcept { return message_.data(); }
  [[nodiscard]] bool truncated() const noexcept { return truncated_; }
  [[nodiscard]] const Warnings& warnings() const noexcept { return warnings_; }
  /// Whether all rows were read before any data of the last part, whose chunk header takes 8 bytes.
  [[nodiscard]] bool left_last_part() const noexcept {
    const std::size_t last = chunks_.parts.size() - 1;
    return part_ < last || (part_ == last && offset_ <= 8) || chunks_.parts.back().size() <= 8;
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto* self = static_cast<Decoder*>(png_get_error_ptr(png));
    std::strncpy(self->message_.data(), text, self->message_.size() - 1);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp png, png_const_charp text) {
    auto* self = static_cast<Decoder*>(png_get_error_ptr(png));
    add_warning(self->warnings_, fmt::format("codec: PNG: {}", library_text(text)));
  }

  static void on_read(png_structp png, png_bytep out, std::size_t size) {
    auto* self = static_cast<Decoder*>(png_get_io_ptr(png));
    while (size > 0) {
      if (self->part_ == self->chunks_.parts.size()) {
        self->truncated_ = true;
        png_error(png, "end of file");
      }
      const Span left = self->chunks_.parts[self->part_].subspan(self->offset_);
      const std::size_t step = std::min(size, left.size());
      std::memcpy(out, left.data(), step);
      out += step;
      size -= step;
      self->offset_ += step;
      if (step == left.size()) {
        ++self->part_;
        self->offset_ = 0;
      }
    }
  }

  const Chunks& chunks_;
  bool checked_;
  Warnings warnings_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::size_t part_ = 0;
  std::size_t offset_ = 0;
  bool truncated_ = false;
  std::array<char, 128> message_{};
};

Mode mode_of(const Header& header) noexcept {
  switch (header.colour) {
    case PNG_COLOR_TYPE_GRAY:
      return header.bits == 1 ? Mode::kBilevel : Mode::kGrey;
    case PNG_COLOR_TYPE_PALETTE:
      return Mode::kPalette;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      return Mode::kGreyAlpha;
    case PNG_COLOR_TYPE_RGB:
      return Mode::kRgb;
    default:
      return Mode::kRgba;
  }
}

void check_header(const Header& header, std::string_view name) {
  const bool small = header.bits == 1 || header.bits == 2 || header.bits == 4;
  const bool any = header.colour == 0 && (small || header.bits == 8 || header.bits == 16);
  const bool indexed = header.colour == 3 && (small || header.bits == 8);
  const bool many =
      (header.colour == 2 || header.colour == 4 || header.colour == 6) && (header.bits == 8 || header.bits == 16);
  if (any || indexed || many) return;
  bad(name, fmt::format("corrupt PNG: colour type {} with {} bits", header.colour, header.bits));
}

std::uint64_t row_bits(const Header& header) {
  constexpr std::array<unsigned, 7> kSamples = {1, 0, 3, 1, 2, 0, 4};
  return std::uint64_t{header.width} * kSamples.at(static_cast<std::size_t>(header.colour)) *
         static_cast<unsigned>(header.bits);
}

/// Deflate packs no tighter than 258 bytes into 2 bits.
void check_packed_size(const Chunks& chunks, std::size_t bytes, std::string_view name) {
  constexpr std::uint64_t kDeflate = 1032;
  check_plausible((row_bits(chunks.header) + 7) / 8 * chunks.header.height, bytes, kDeflate, name);
}

/// Bytes of the rows as they are packed: a filter's number, then samples. Of an interlaced image, 0.
std::size_t packed_rows_size(const Header& header) {
  return header.interlaced ? 0 : static_cast<std::size_t>((row_bits(header) + 7) / 8 + 1) * header.height;
}

/// The image data unpacked beforehand, where that is possible; what it returns holds the new parts.
std::optional<StoredData> unpack(Chunks& chunks) {
  if (chunks.cut) return std::nullopt;
  std::optional<StoredData> stored =
      StoredData::of(std::span(chunks.parts).subspan(chunks.data), packed_rows_size(chunks.header));
  if (stored) {
    chunks.parts.resize(chunks.data);
    chunks.parts.insert(chunks.parts.end(), stored->parts().begin(), stored->parts().end());
  }
  return stored;
}

/// @param checked  as Decoder's. @returns what libpng complained of.
Warnings read_rows(const Chunks& chunks, bool checked, std::uint8_t* out, std::size_t row_bytes,
                   std::string_view name) {
  Decoder decoder(chunks, checked);
  if (decoder.read(out, row_bytes)) {
    if (chunks.cut && decoder.left_last_part()) bad(name, "truncated PNG: its last chunk is cut short");
    return decoder.warnings();
  }
  if (decoder.truncated()) bad(name, "truncated PNG");
  bad(name, fmt::format("corrupt PNG: {}", library_text(decoder.message())));
}

/// Grey + alpha of 16 bits is RGBA to Pillow.
std::vector<std::uint8_t> grey_alpha_to_rgba(const std::vector<std::uint8_t>& in) {
  std::vector<std::uint8_t> out(in.size() * 2);
  for (std::size_t i = 0; i * 2 < in.size(); ++i) {
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(i * 4), 3, in[i * 2]);
    out[i * 4 + 3] = in[i * 2 + 1];
  }
  return out;
}

}  // namespace

Image decode_png(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  Chunks chunks = Walker(bytes, name).walk();
  const Header& header = chunks.header;
  check_size(header.width, header.height, options, name);
  check_header(header, name);
  check_packed_size(chunks, bytes.size(), name);
  const std::optional<StoredData> stored = unpack(chunks);
  Image image;
  image.mode = mode_of(header);
  image.width = static_cast<int>(header.width);
  image.height = static_cast<int>(header.height);
  const std::size_t pixels = std::size_t{header.width} * header.height;
  if (header.bits == 16 && image.mode == Mode::kGrey) {
    std::vector<std::uint16_t> deep(pixels);
    image.warnings = read_rows(chunks, stored.has_value(), reinterpret_cast<std::uint8_t*>(deep.data()),
                               std::size_t{header.width} * 2, name);
    if (options.fingerprint) image.stored = stored_grey<std::uint16_t>(deep, header.width, header.height);
    image.samples = to_8bit(std::span<const std::uint16_t>(deep), options.intensity, &image.warnings);
    return image;
  }
  const auto row_bytes = std::size_t{header.width} * static_cast<std::size_t>(channels(image.mode));
  image.samples.resize(row_bytes * header.height);
  image.warnings = read_rows(chunks, stored.has_value(), image.samples.data(), row_bytes, name);
  if (header.bits == 16 && image.mode == Mode::kGreyAlpha) {
    image.mode = Mode::kRgba;
    image.samples = grey_alpha_to_rgba(image.samples);
  }
  if (image.mode == Mode::kPalette) {
    const auto* colours = reinterpret_cast<const std::uint8_t*>(chunks.palette.data());
    image.palette.assign(colours, colours + std::min<std::size_t>(chunks.palette.size() / 3 * 3, 768));
  }
  return image;
}

}  // namespace mi2::image
