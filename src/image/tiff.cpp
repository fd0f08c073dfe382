#include "image/tiff.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <tiffio.h>

#include <mi2/error.hpp>

#include "image/convert.hpp"
#include "image/intensity.hpp"
#include "image/readers.hpp"
#include "image/tiff_layout.hpp"

namespace mi2::image {
namespace {

/// The file in memory, as libtiff's callbacks see it, and the first thing libtiff complained of.
struct Stream {
  std::span<const std::byte> bytes;
  std::uint64_t at = 0;
  std::array<char, 160> message{};

  static tmsize_t read(thandle_t handle, void* out, tmsize_t size) {
    auto* self = static_cast<Stream*>(handle);
    if (size <= 0 || self->at >= self->bytes.size()) return 0;
    const auto step = std::min<std::uint64_t>(static_cast<std::uint64_t>(size), self->bytes.size() - self->at);
    std::memcpy(out, self->bytes.data() + self->at, step);
    self->at += step;
    return static_cast<tmsize_t>(step);
  }
  static tmsize_t write(thandle_t, void*, tmsize_t) { return 0; }
  static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    auto* self = static_cast<Stream*>(handle);
    const std::uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? self->at : self->bytes.size();
    self->at = base + offset;
    return self->at;
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t handle) { return static_cast<Stream*>(handle)->bytes.size(); }
  static int map(thandle_t handle, void** base, toff_t* size) {
    auto* self = static_cast<Stream*>(handle);
    *base = const_cast<std::byte*>(self->bytes.data());
    *size = self->bytes.size();
    return 1;
  }
  static void unmap(thandle_t, void*, toff_t) {}

  static int on_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    auto* self = static_cast<Stream*>(user);
    if (self->message[0] == '\0') std::vsnprintf(self->message.data(), self->message.size(), format, arguments);
    return 1;
  }
  static int on_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }
};

struct CloseTiff {
  void operator()(TIFF* tiff) const noexcept { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, CloseTiff>;

Tiff open_stream(Stream& source, const DecodeOptions& options) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> settings(TIFFOpenOptionsAlloc(),
                                                                                  TIFFOpenOptionsFree);
  TIFFOpenOptionsSetErrorHandlerExtR(settings.get(), Stream::on_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(settings.get(), Stream::on_warning, &source);
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  const std::uint64_t memory = std::min(options.max_pixels, kMost) * 8 + source.bytes.size() + (1U << 20);
  TIFFOpenOptionsSetMaxSingleMemAlloc(settings.get(), static_cast<tmsize_t>(memory));
  return Tiff(TIFFClientOpenExt("memory", "rC", &source, Stream::read, Stream::write, Stream::seek, Stream::close,
                                Stream::size, Stream::map, Stream::unmap, settings.get()));
}

TiffTags read_tags(TIFF* tiff) {
  TiffTags tags;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &tags.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &tags.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &tags.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &tags.samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &tags.format);
  if (tags.format == SAMPLEFORMAT_VOID) tags.format = SAMPLEFORMAT_UINT;
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &tags.photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &tags.compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &tags.planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &tags.orientation);
  std::uint16_t count = 0;
  const std::uint16_t* kinds = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) == 1 && count > 0) {
    tags.extra.assign(kinds, kinds + count);
  }
  return tags;
}

void check_compression(const TiffTags& tags, std::string_view name) {
  constexpr std::array kRead = {COMPRESSION_NONE,          COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,
                                COMPRESSION_CCITTFAX4,     COMPRESSION_LZW,      COMPRESSION_JPEG,
                                COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS, COMPRESSION_DEFLATE,
                                COMPRESSION_LZMA,          COMPRESSION_ZSTD};
  const bool known = std::find(kRead.begin(), kRead.end(), int{tags.compression}) != kRead.end();
  if (known && TIFFIsCODECConfigured(tags.compression) == 1) return;
  throw Error(Code::kUnsupported, fmt::format("{}: TIFF compression {}", name, tags.compression));
}

/// Unpacked bytes that a byte of the file can stand for, at the very most; 0: no bound (fax codes a row in a bit).
std::uint64_t tightest(std::uint16_t compression) noexcept {
  switch (compression) {
    case COMPRESSION_NONE:
      return 1;
    case COMPRESSION_PACKBITS:
      return 64;
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
      return 1032;
    case COMPRESSION_LZW:
    case COMPRESSION_JPEG:
      return 4096;
    case COMPRESSION_LZMA:
    case COMPRESSION_ZSTD:
      return 65536;
    default:
      return 0;
  }
}

/// Reads blocks (strips or tiles) and hands their rows on.
class Reader {
 public:
  Reader(TIFF* tiff, const TiffTags& tags, const Stream& source, const DecodeOptions& options, std::string_view name)
      : tiff_(tiff), tags_(tags), source_(source), name_(name), tiled_(TIFFIsTiled(tiff) != 0) {
    block_width_ = tags.width;
    block_height_ = tags.height;
    if (tiled_) {
      TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &block_width_);
      TIFFGetField(tiff, TIFFTAG_TILELENGTH, &block_height_);
    } else {
      std::uint32_t rows = 0;
      if (TIFFGetField(tiff, TIFFTAG_ROWSPERSTRIP, &rows) == 1) block_height_ = std::min(rows, tags.height);
    }
    check_size(block_width_, block_height_, options, name);
    check_packed_size();
    const tmsize_t size = tiled_ ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
    const tmsize_t row = tiled_ ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
    row_samples_ = tags.planar == PLANARCONFIG_SEPARATE ? 1 : tags.samples;
    const std::uint64_t needed = (std::uint64_t{block_width_} * row_samples_ * tags.bits + 7) / 8;
    if (size <= 0 || row <= 0 || static_cast<std::uint64_t>(row) < needed ||
        static_cast<std::uint64_t>(size) < needed * block_height_) {
      throw Error(Code::kBadFile, fmt::format("{}: corrupt TIFF: its blocks do not hold its pixels", name));
    }
    row_bytes_ = static_cast<std::size_t>(row);
    block_.resize(static_cast<std::size_t>(size));
  }

  /// Calls sink(row, x, y) for every row of every block of one plane.
  template <typename Sink>
  void read(std::uint16_t plane, Sink&& sink) {
    for (std::uint32_t y = 0; y < tags_.height; y += std::min(block_height_, tags_.height - y)) {
      for (std::uint32_t x = 0; x < tags_.width; x += std::min(block_width_, tags_.width - x)) {
        read_block(x, y, plane);
        const std::uint32_t rows = std::min(block_height_, tags_.height - y);
        const std::size_t pixels = std::min(block_width_, tags_.width - x);
        for (std::uint32_t i = 0; i < rows; ++i) {
          sink(TiffRow{block_.data() + i * row_bytes_, pixels, tags_.bits, row_samples_}, x, y + i);
        }
      }
    }
  }

 private:
  void check_packed_size() const {
    const std::uint64_t most = tightest(tags_.compression);
    if (most == 0) return;
    const std::uint64_t pixels =
        std::max(std::uint64_t{tags_.width} * tags_.height, std::uint64_t{block_width_} * block_height_);
    check_plausible(pixels * tags_.samples * tags_.bits / 8, source_.bytes.size(), most, name_);
  }

  void read_block(std::uint32_t x, std::uint32_t y, std::uint16_t plane) {
    std::fill(block_.begin(), block_.end(), std::uint8_t{0});  // codecs may stop short without an error
    const auto size = static_cast<tmsize_t>(block_.size());
    const tmsize_t got = tiled_
                             ? TIFFReadEncodedTile(tiff_, TIFFComputeTile(tiff_, x, y, 0, plane), block_.data(), size)
                             : TIFFReadEncodedStrip(tiff_, TIFFComputeStrip(tiff_, y, plane), block_.data(), size);
    if (got >= 0) return;
    throw Error(Code::kBadFile,
                fmt::format("{}: truncated or corrupt TIFF: {}", name_, library_text(source_.message.data())));
  }

  TIFF* tiff_;
  const TiffTags& tags_;
  const Stream& source_;
  std::string_view name_;
  bool tiled_;
  std::uint32_t block_width_ = 0;
  std::uint32_t block_height_ = 0;
  int row_samples_ = 1;
  std::size_t row_bytes_ = 0;
  std::vector<std::uint8_t> block_;
};

template <typename Sample>
std::vector<std::uint8_t> read_deep(Reader& reader, const TiffTags& tags, const Intensity& intensity) {
  std::vector<Sample> samples(std::size_t{tags.width} * tags.height);
  reader.read(0, [&](const TiffRow& row, std::uint32_t x, std::uint32_t y) {
    Sample* out = samples.data() + std::size_t{y} * tags.width + x;
    if constexpr (std::is_same_v<Sample, float>) {
      std::memcpy(out, row.bytes, row.pixels * sizeof(float));
    } else {
      unpack_row(row, out);
    }
  });
  return to_8bit(std::span<const Sample>(samples), intensity);
}

void read_shallow(Reader& reader, const TiffTags& tags, const TiffLayout& layout, Image& image) {
  const int count = channels(image.mode);
  const auto step = static_cast<std::size_t>(count);
  image.samples.resize(std::size_t{tags.width} * tags.height * step);
  const bool separate = tags.planar == PLANARCONFIG_SEPARATE;
  for (int plane = 0; plane < (separate ? count : 1); ++plane) {
    reader.read(static_cast<std::uint16_t>(plane), [&](const TiffRow& row, std::uint32_t x, std::uint32_t y) {
      std::uint8_t* out = image.samples.data() + (std::size_t{y} * tags.width + x) * step;
      unpack_row(row, layout, separate ? 1 : count, step, out + plane);
    });
  }
}

/// Colour under associated alpha, as Pillow unpacks it: nothing where alpha is 0.
void undo_alpha(Image& image) {
  Raster raster{image.width, image.height, 4, std::move(image.samples)};
  unpremultiply(raster);
  for (std::size_t i = 0; i + 4 <= raster.samples.size(); i += 4) {
    if (raster.samples[i + 3] == 0) std::fill_n(raster.samples.begin() + static_cast<std::ptrdiff_t>(i), 3, 0);
  }
  image.samples = std::move(raster.samples);
}

void read_palette(TIFF* tiff, const TiffTags& tags, Image& image, std::string_view name) {
  std::array<const std::uint16_t*, 3> maps{};
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2]) != 1) {
    throw Error(Code::kBadFile, fmt::format("{}: palette TIFF without a palette", name));
  }
  for (std::size_t i = 0; i < std::size_t{1} << tags.bits; ++i) {
    for (const std::uint16_t* map : maps) image.palette.push_back(static_cast<std::uint8_t>(map[i] >> 8));
  }
}

/// The page that libtiff stands at, turned as its Orientation tag says (Pillow does so for TIFF and no other format).
Image read_page(TIFF* tiff, const Stream& source, const DecodeOptions& options, std::string_view name) {
  const TiffTags tags = read_tags(tiff);
  check_size(tags.width, tags.height, options, name);
  check_compression(tags, name);
  const TiffLayout layout = tiff_layout(tags, name);
  if (layout.ycbcr) {
    if (tags.compression != COMPRESSION_JPEG || tags.planar != PLANARCONFIG_CONTIG) {
      throw Error(Code::kUnsupported, fmt::format("{}: YCbCr TIFF that is not JPEG-compressed", name));
    }
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  Image image;
  image.mode = layout.mode;
  image.width = static_cast<int>(tags.width);
  image.height = static_cast<int>(tags.height);
  if (layout.mode == Mode::kPalette) read_palette(tiff, tags, image, name);
  Reader reader(tiff, tags, source, options, name);
  switch (layout.depth) {
    case Depth::kEight:
      read_shallow(reader, tags, layout, image);
      break;
    case Depth::kUnsigned16:
      image.samples = read_deep<std::uint16_t>(reader, tags, options.intensity);
      break;
    case Depth::kSigned32:
      image.samples = read_deep<std::int32_t>(reader, tags, options.intensity);
      break;
    case Depth::kFloat32:
      image.samples = read_deep<float>(reader, tags, options.intensity);
      break;
  }
  if (layout.premultiplied) undo_alpha(image);
  orient(image, tags.orientation);
  return image;
}

[[noreturn]] void refuse(const Stream& stream, std::string_view name) {
  throw Error(Code::kBadFile, fmt::format("{}: corrupt TIFF: {}", name, library_text(stream.message.data())));
}

class TiffPages final : public Source {
 public:
  TiffPages(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name)
      : bytes_(bytes), options_(options), name_(name) {}

  /// A chain of pages that breaks off counts as one page more, which cannot be read: those before it can.
  [[nodiscard]] std::uint64_t frames() const override { return offsets().size() + (broken_.empty() ? 0 : 1); }

  [[nodiscard]] Image read(std::uint64_t index) const override {
    Stream stream;
    stream.bytes = bytes_;
    const Tiff tiff = open_stream(stream, options_);
    if (!tiff) refuse(stream, name_);
    if (index > 0) check_frame(index, frames(), name_);
    if (index > 0 && index == offsets().size()) throw Error(Code::kBadFile, broken_);
    if (index > 0 && TIFFSetSubDirectory(tiff.get(), offsets().at(index)) != 1) refuse(stream, name_);
    return read_page(tiff.get(), stream, options_, name_);
  }

 private:
  /// Where each page's directory lies, found once: libtiff would walk from the first to each.
  const std::vector<std::uint64_t>& offsets() const {
    const std::lock_guard lock(mutex_);
    if (offsets_.empty()) offsets_ = find_pages();
    return offsets_;
  }

  std::vector<std::uint64_t> find_pages() const {
    Stream stream;
    stream.bytes = bytes_;
    const Tiff tiff = open_stream(stream, options_);
    if (!tiff) refuse(stream, name_);
    std::vector<std::uint64_t> pages;
    for (;;) {
      std::uint32_t kind = 0;
      TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_SUBFILETYPE, &kind);
      const bool counts = (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0;
      if (pages.empty() || counts) pages.push_back(TIFFCurrentDirOffset(tiff.get()));
      if (TIFFLastDirectory(tiff.get()) != 0) break;
      if (TIFFReadDirectory(tiff.get()) != 1) {
        const std::string reason = library_text(stream.message.data());
        broken_ = fmt::format("{}: corrupt TIFF: no page can be read after page {}{}{}", name_, pages.size(),
                              reason.empty() ? "" : ": ", reason);
        break;
      }
    }
    return pages;
  }

  std::span<const std::byte> bytes_;
  DecodeOptions options_;
  std::string name_;
  mutable std::mutex mutex_;
  mutable std::vector<std::uint64_t> offsets_;
  mutable std::string broken_;  ///< why no further page can be read
};

}  // namespace

std::unique_ptr<Source> open_tiff(std::span<const std::byte> bytes, const DecodeOptions& options,
                                  std::string_view name) {
  return std::make_unique<TiffPages>(bytes, options, name);
}

}  // namespace mi2::image
