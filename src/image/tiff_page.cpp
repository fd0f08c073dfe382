#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/convert.hpp"
#include "image/intensity.hpp"
#include "image/readers.hpp"
#include "image/tiff_layout.hpp"
#include "image/tiff_stream.hpp"

namespace mi2::image {
namespace {

/// Whether a tag that libtiff may know in any form is there.
bool has_tag(TIFF* tiff, std::uint32_t tag) {
  std::array<void*, 4> any{};
  return TIFFGetField(tiff, tag, &any[0], &any[1], &any[2], &any[3]) == 1;
}

/// An unsigned number in the file's byte order; 0 past its end.
std::uint64_t number_at(const TiffStream& file, std::uint64_t at, std::size_t size) {
  if (at > file.bytes.size() || size > file.bytes.size() - at) return 0;
  const bool big = file.bytes[0] == std::byte{'M'};
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8 | std::to_integer<std::uint64_t>(file.bytes[at + (big ? i : size - 1 - i)]);
  }
  return value;
}

/// PhotometricInterpretation as the directory has it: libtiff takes a palette image that lost its palette for grey.
std::uint64_t stored_photometric(TIFF* tiff, const TiffStream& file) {
  const bool wide = TIFFIsBigTIFF(tiff) != 0;
  const std::uint64_t start = TIFFCurrentDirOffset(tiff);
  const std::size_t entry = wide ? 20 : 12;
  const std::uint64_t count = number_at(file, start, wide ? 8 : 2);
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, 4096); ++i) {
    const std::uint64_t at = start + (wide ? 8 : 2) + i * entry;
    if (number_at(file, at, 2) == TIFFTAG_PHOTOMETRIC) return number_at(file, at + (wide ? 12 : 8), 2);
  }
  return 0;
}

void read_colour_tags(TIFF* tiff, TiffTags& tags) {
  TIFFGetFieldDefaulted(tiff, TIFFTAG_INKSET, &tags.ink_set);
  if (TIFFGetField(tiff, TIFFTAG_NUMBEROFINKS, &tags.inks) != 1) tags.inks = 4;
  tags.dots_given = TIFFGetField(tiff, TIFFTAG_DOTRANGE, &tags.dots[0], &tags.dots[1]) == 1;
  const float* values = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_REFERENCEBLACKWHITE, &values) == 1) {
    std::copy_n(values, 6, tags.black_white.emplace().begin());
  }
  if (TIFFGetField(tiff, TIFFTAG_YCBCRCOEFFICIENTS, &values) == 1) std::copy_n(values, 3, tags.luma.begin());
  tags.transfer = has_tag(tiff, TIFFTAG_TRANSFERFUNCTION) || has_tag(tiff, TIFFTAG_GRAYRESPONSECURVE);
  std::uint16_t indexed = 0;
  tags.indexed = TIFFGetField(tiff, TIFFTAG_INDEXED, &indexed) == 1 && indexed == 1;
}

TiffTags read_tags(TIFF* tiff) {
  TiffTags tags;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &tags.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &tags.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &tags.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &tags.samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &tags.format);
  if (tags.format == SAMPLEFORMAT_VOID) tags.format = SAMPLEFORMAT_UINT;
  std::uint16_t photometric = 0;
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) == 1) tags.photometric = photometric;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &tags.compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &tags.planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &tags.orientation);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_IMAGEDEPTH, &tags.depth);
  std::uint16_t count = 0;
  const std::uint16_t* kinds = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) == 1 && count > 0) {
    tags.extra.assign(kinds, kinds + count);
  }
  read_colour_tags(tiff, tags);
  std::uint32_t kind = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &kind);
  const bool preview = (kind & FILETYPE_REDUCEDIMAGE) != 0 && has_tag(tiff, TIFFTAG_SUBIFD);
  tags.raw = preview || has_tag(tiff, TIFFTAG_DNGVERSION);
  return tags;
}

void check_compression(const TiffTags& tags, std::string_view name) {
  constexpr std::array kRead = {COMPRESSION_NONE,          COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,
                                COMPRESSION_CCITTFAX4,     COMPRESSION_LZW,      COMPRESSION_JPEG,
                                COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS, COMPRESSION_DEFLATE,
                                COMPRESSION_LZMA,          COMPRESSION_ZSTD};
  const bool known = std::find(kRead.begin(), kRead.end(), int{tags.compression}) != kRead.end();
  if (known && TIFFIsCODECConfigured(tags.compression) == 1) return;
  struct Name {
    int value;
    const char* name;
  };
  constexpr std::array kNames = {Name{6, "old-style JPEG"},    Name{32809, "ThunderScan"}, Name{34661, "JBIG"},
                                 Name{33003, "JPEG 2000"},     Name{33005, "JPEG 2000"},   Name{34712, "JPEG 2000"},
                                 Name{34676, "LogLuv"},        Name{34677, "LogLuv"},      Name{34887, "LERC"},
                                 Name{34892, "JPEG of a DNG"}, Name{50001, "WebP"},        Name{50002, "JPEG XL"},
                                 Name{34713, "that of Nikon"}, Name{32766, "NeXT"},        Name{32909, "Pixar"}};
  const auto* found = std::find_if(kNames.begin(), kNames.end(),
                                   [&tags](const Name& name_of) { return name_of.value == tags.compression; });
  throw Error(Code::kUnsupported, fmt::format("{}: TIFF compression {} ({}) is not read", name, tags.compression,
                                              found == kNames.end() ? "unknown" : found->name));
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
  Reader(TIFF* tiff, const TiffTags& tags, TiffStream& source, const DecodeOptions& options, std::string_view name)
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
    check_part_size(block_width_, block_height_, options, name);
    check_packed_size();
    check_block();
    row_samples_ = tags.planar == PLANARCONFIG_SEPARATE ? 1 : tags.samples;
    source_.error = {};
    source_.decoding = true;
  }

  /// Calls sink(row, x, y) for every row of every block of one plane.
  template <typename Sink>
  void read(std::uint16_t plane, Sink&& sink) {
    take_block();
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

  /// The page as libtiff's own converter gives it: [height, width, 3]. For YCbCr that no JPEG decoder converts.
  std::vector<std::uint8_t> read_rgb() {
    std::array<char, 1024> why{};
    TIFFRGBAImage converter;
    if (TIFFRGBAImageOK(tiff_, why.data()) == 0 || TIFFRGBAImageBegin(&converter, tiff_, 1, why.data()) == 0) {
      throw Error(Code::kUnsupported,
                  fmt::format("{}: TIFF of this kind of YCbCr is not read: {}", name_, library_text(why.data())));
    }
    converter.orientation = converter.req_orientation = ORIENTATION_TOPLEFT;  // turned later, as all are
    const std::size_t pixels = std::size_t{tags_.width} * tags_.height;
    std::vector<std::uint32_t> raster(pixels);
    const int done = TIFFRGBAImageGet(&converter, raster.data(), tags_.width, tags_.height);
    TIFFRGBAImageEnd(&converter);
    check_codec(done != 0);
    std::vector<std::uint8_t> out(pixels * 3);
    for (std::size_t i = 0; i < pixels; ++i) {
      out[i * 3] = static_cast<std::uint8_t>(TIFFGetR(raster[i]));
      out[i * 3 + 1] = static_cast<std::uint8_t>(TIFFGetG(raster[i]));
      out[i * 3 + 2] = static_cast<std::uint8_t>(TIFFGetB(raster[i]));
    }
    return out;
  }

 private:
  void check_packed_size() const {
    const std::uint64_t most = tightest(tags_.compression);
    if (most == 0) return;
    const std::uint64_t pixels =
        std::max(std::uint64_t{tags_.width} * tags_.height, std::uint64_t{block_width_} * block_height_);
    // Chroma may be there for one pixel in 16.
    const std::uint64_t samples = tags_.photometric == PHOTOMETRIC_YCBCR ? 1 : tags_.samples;
    check_plausible(pixels * samples * tags_.bits / 8, source_.bytes.size(), most, name_);
  }

  /// Memory follows the image's pixels, not its tiles'.
  void check_block() const {
    constexpr std::uint64_t kSmall = std::uint64_t{1} << 22;
    const std::uint64_t block = std::uint64_t{block_width_} * block_height_;
    if (block <= kSmall || block / 4 <= std::uint64_t{tags_.width} * tags_.height) return;
    throw Error(Code::kBadFile, fmt::format("{}: corrupt TIFF: tiles of {} x {} for an image of {} x {} pixels", name_,
                                            block_width_, block_height_, tags_.width, tags_.height));
  }

  void take_block() {
    if (!block_.empty()) return;
    const tmsize_t size = tiled_ ? TIFFTileSize(tiff_) : TIFFStripSize(tiff_);
    const tmsize_t row = tiled_ ? TIFFTileRowSize(tiff_) : TIFFScanlineSize(tiff_);
    const std::uint64_t samples = static_cast<std::uint64_t>(row_samples_);
    const std::uint64_t needed = (std::uint64_t{block_width_} * samples * tags_.bits + 7) / 8;
    if (size <= 0 || row <= 0 || static_cast<std::uint64_t>(row) < needed ||
        static_cast<std::uint64_t>(size) < needed * block_height_) {
      throw Error(Code::kBadFile, fmt::format("{}: corrupt TIFF: its blocks do not hold its pixels", name_));
    }
    row_bytes_ = static_cast<std::size_t>(row);
    block_.resize(static_cast<std::size_t>(size));
  }

  void read_block(std::uint32_t x, std::uint32_t y, std::uint16_t plane) {
    std::fill(block_.begin(), block_.end(), std::uint8_t{0});  // codecs may stop short without an error
    const auto size = static_cast<tmsize_t>(block_.size());
    const tmsize_t got = tiled_
                             ? TIFFReadEncodedTile(tiff_, TIFFComputeTile(tiff_, x, y, 0, plane), block_.data(), size)
                             : TIFFReadEncodedStrip(tiff_, TIFFComputeStrip(tiff_, y, plane), block_.data(), size);
    check_codec(got >= 0);
  }

  /// Some codecs report an error, or the end of their data, and go on.
  void check_codec(bool done) const {
    if (done && source_.error[0] == '\0' && !source_.ends_early) return;
    throw Error(Code::kBadFile, fmt::format("{}: truncated or corrupt TIFF: {}", name_,
                                            source_.error[0] == '\0' ? "its data end before its last pixel"
                                                                     : library_text(source_.error.data())));
  }

  TIFF* tiff_;
  const TiffTags& tags_;
  TiffStream& source_;
  std::string_view name_;
  bool tiled_;
  std::uint32_t block_width_ = 0;
  std::uint32_t block_height_ = 0;
  int row_samples_ = 1;
  std::size_t row_bytes_ = 0;
  std::vector<std::uint8_t> block_;
};

template <typename Sample>
std::vector<Sample> read_samples(Reader& reader, const TiffTags& tags, std::string_view name) {
  std::vector<Sample> samples(std::size_t{tags.width} * tags.height);
  bool fits = true;
  reader.read(0, [&](const TiffRow& row, std::uint32_t x, std::uint32_t y) {
    Sample* out = samples.data() + std::size_t{y} * tags.width + x;
    if constexpr (std::is_same_v<Sample, double>) {
      fits = unpack_row(row, tags.format, out) && fits;
    } else {
      unpack_row(row, out);
    }
  });
  if (fits) return samples;
  throw Error(Code::kUnsupported, fmt::format("{}: TIFF with samples of 64 bits beyond 2^53 or 1e300", name));
}

template <typename Sample>
void read_deep(Reader& reader, const TiffTags& tags, bool inverted, const DecodeOptions& options, std::string_view name,
               Image& image) {
  const std::vector<Sample> samples = read_samples<Sample>(reader, tags, name);
  if (options.fingerprint) {
    StoredKind kind = grey_kind<Sample>(tags.width, tags.height);
    if (inverted) kind.photometric = "MONOCHROME1";
    kind.orientation = tags.orientation;
    image.stored = stored_pixels(kind, std::as_bytes(std::span(samples)));
  }
  image.samples = to_8bit(std::span<const Sample>(samples), options.intensity, &image.warnings);
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

/// RGB triples of all 2^bits colours.
std::vector<std::uint8_t> read_palette(TIFF* tiff, const TiffTags& tags, Warnings& warnings, std::string_view name) {
  std::array<const std::uint16_t*, 3> maps{};
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2]) != 1) {
    throw Error(Code::kBadFile, fmt::format("{}: palette TIFF without a palette", name));
  }
  const std::size_t size = std::size_t{1} << tags.bits;
  const auto low = [size](const std::uint16_t* map) {
    return std::all_of(map, map + size, [](std::uint16_t x) { return x < 256; });
  };
  const auto dark = [size](const std::uint16_t* map) {
    return std::all_of(map, map + size, [](std::uint16_t x) { return x == 0; });
  };
  const bool bytes = std::all_of(maps.begin(), maps.end(), low) && !std::all_of(maps.begin(), maps.end(), dark);
  if (bytes) add_warning(warnings, "lut_bits: a palette of 16-bit entries that hold 8 bits");
  std::vector<std::uint8_t> palette;
  palette.reserve(size * 3);
  for (std::size_t i = 0; i < size; ++i) {
    for (const std::uint16_t* map : maps) palette.push_back(static_cast<std::uint8_t>(bytes ? map[i] : map[i] >> 8));
  }
  return palette;
}

void read_wide_palette(Reader& reader, const TiffTags& tags, std::string_view name, Image& image) {
  const std::vector<std::uint8_t> palette = std::move(image.palette);
  image.palette = {};
  const std::vector<std::uint16_t> indices = read_samples<std::uint16_t>(reader, tags, name);
  image.samples.resize(indices.size() * 3);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::copy_n(palette.data() + std::size_t{indices[i]} * 3, 3, image.samples.data() + i * 3);
  }
}

void read_pixels(Reader& reader, const TiffTags& tags, const TiffLayout& layout, const DecodeOptions& options,
                 std::string_view name, Image& image) {
  if (layout.wide_palette) return read_wide_palette(reader, tags, name, image);
  switch (layout.depth) {
    case Depth::kEight:
      return read_shallow(reader, tags, layout, image);
    case Depth::kUnsigned16:
      read_deep<std::uint16_t>(reader, tags, layout.inverted, options, name, image);
      break;
    case Depth::kUnsigned32:
      read_deep<std::uint32_t>(reader, tags, layout.inverted, options, name, image);
      break;
    case Depth::kSigned32:
      read_deep<std::int32_t>(reader, tags, layout.inverted, options, name, image);
      break;
    case Depth::kFloat32:
      read_deep<float>(reader, tags, layout.inverted, options, name, image);
      break;
    case Depth::kFloat64:
      read_deep<double>(reader, tags, layout.inverted, options, name, image);
      break;
    case Depth::kWholeRgb:
      image.samples = reader.read_rgb();
      return;
  }
  if (!layout.inverted) return;
  for (std::uint8_t& shade : image.samples) shade = static_cast<std::uint8_t>(255 - shade);
}

}  // namespace

Image read_tiff_page(TIFF* tiff, TiffStream& source, const DecodeOptions& options, std::string_view name) {
  const TiffTags tags = read_tags(tiff);
  check_size(tags.width, tags.height, options, name);
  check_compression(tags, name);
  Image image;
  const TiffLayout layout = tiff_layout(tags, image.warnings, name);
  const bool has_palette = layout.mode == Mode::kPalette || layout.wide_palette;
  if (!has_palette && stored_photometric(tiff, source) == PHOTOMETRIC_PALETTE) {
    throw Error(Code::kBadFile, fmt::format("{}: palette TIFF without a palette", name));
  }
  if (layout.ycbcr) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  image.mode = layout.mode;
  image.width = static_cast<int>(tags.width);
  image.height = static_cast<int>(tags.height);
  if (has_palette) image.palette = read_palette(tiff, tags, image.warnings, name);
  Reader reader(tiff, tags, source, options, name);
  read_pixels(reader, tags, layout, options, name, image);
  if (layout.premultiplied) undo_alpha(image);
  orient(image, tags.orientation);
  for (const std::string& warning : source.warnings) add_warning(image.warnings, warning);
  return image;
}

}  // namespace mi2::image
