#include "image/tiff_tiles.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/jpeg2000.hpp"
#include "image/jpeg2000_image.hpp"
#include "image/readers.hpp"
#include "image/tiff_stream.hpp"

namespace mi2::image {
namespace {

constexpr std::size_t kMaxDirectories = 1024;
constexpr std::uint64_t kMaxBlockPixels = 1U << 24U;
constexpr std::uint32_t kMaxProfileBytes = 16U << 20U;

// Aperio's numbers of JPEG 2000, whose components are YCbCr and RGB, and the registered one.
constexpr std::uint16_t kAperioYcbcr = 33003;
constexpr std::uint16_t kAperioRgb = 33005;
constexpr std::uint16_t kJpeg2000 = 34712;
constexpr std::uint32_t kHamamatsu = 65420;  ///< "I am an NDPI file"

DecodeOptions limits() {
  DecodeOptions options;
  options.max_pixels = kMaxBlockPixels;
  return options;
}

bool is_jpeg2000(std::uint16_t compression) noexcept {
  return compression == kAperioYcbcr || compression == kAperioRgb || compression == kJpeg2000;
}

std::string text_of(TIFF* tiff, std::uint32_t tag, std::size_t most) {
  const char* text = nullptr;
  if (TIFFGetField(tiff, tag, &text) != 1 || text == nullptr) return {};
  return {text, std::find(text, text + most, '\0')};
}

/// um per pixel of so many pixels per unit; 0: nothing that a microscope would have.
double mpp_of(float resolution, std::uint16_t unit) noexcept {
  const double um = unit == RESUNIT_CENTIMETER ? 10000 : unit == RESUNIT_INCH ? 25400 : 0;
  const double mpp = um / static_cast<double>(resolution);
  return std::isfinite(mpp) && mpp > 0 && mpp < 1e6 ? mpp : 0;
}

/// The samples of a directory, as far as they are read.
struct Samples {
  std::uint16_t bits = 1;
  std::uint16_t count = 1;
  std::uint16_t format = SAMPLEFORMAT_UINT;
  std::uint16_t photometric = PHOTOMETRIC_MINISBLACK;
  std::uint16_t compression = COMPRESSION_NONE;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  std::uint16_t orientation = ORIENTATION_TOPLEFT;
  std::uint32_t depth = 1;
};

Samples samples_of(TIFF* tiff) {
  Samples s;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &s.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &s.count);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &s.format);
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &s.photometric) != 1) {
    s.photometric = s.count >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  }
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &s.compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &s.planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &s.orientation);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_IMAGEDEPTH, &s.depth);
  return s;
}

[[noreturn]] void refuse(std::string_view name, std::string_view what) {
  throw Error(Code::kUnsupported, fmt::format("{}: a slide in TIFF with {} is not read", name, what));
}

void check_samples(const Samples& s, std::string_view name) {
  if (s.bits != 8 || s.format > SAMPLEFORMAT_UINT) refuse(name, fmt::format("samples of {} bits", s.bits));
  if (s.planar != PLANARCONFIG_CONTIG) refuse(name, "colours in planes");
  if (s.orientation != ORIENTATION_TOPLEFT) refuse(name, fmt::format("orientation {}", s.orientation));
  if (s.depth != 1) refuse(name, "several layers");
  if (is_jpeg2000(s.compression)) return;
  constexpr std::array kRead = {COMPRESSION_NONE,    COMPRESSION_LZW,  COMPRESSION_JPEG, COMPRESSION_ADOBE_DEFLATE,
                                COMPRESSION_DEFLATE, COMPRESSION_LZMA, COMPRESSION_ZSTD, COMPRESSION_PACKBITS};
  const bool known = std::find(kRead.begin(), kRead.end(), int{s.compression}) != kRead.end();
  if (!known || TIFFIsCODECConfigured(s.compression) != 1) refuse(name, fmt::format("compression {}", s.compression));
  const bool grey = s.photometric == PHOTOMETRIC_MINISBLACK && s.count == 1;
  const bool rgb = s.photometric == PHOTOMETRIC_RGB && (s.count == 3 || s.count == 4);
  const bool ycbcr = s.photometric == PHOTOMETRIC_YCBCR && s.count == 3 && s.compression == COMPRESSION_JPEG;
  if (grey || rgb || ycbcr) return;
  refuse(name, fmt::format("photometric interpretation {} and {} samples per pixel", s.photometric, s.count));
}

void check_codec(const TiffStream& stream, bool done, std::string_view name) {
  if (done && stream.error[0] == '\0' && !stream.ends_early) return;
  throw Error(Code::kBadFile, fmt::format("{}: truncated or corrupt TIFF: {}", name,
                                          stream.error[0] == '\0' ? "its data end before its last pixel"
                                                                  : library_text(stream.error.data())));
}

Image read_jpeg2000_block(std::span<const std::byte> stream, const TiffDirectory& directory, std::uint16_t compression,
                          std::string_view name) {
  const std::uint64_t pixels = std::uint64_t{directory.block_width} * directory.block_height;
  Image image;
  Jpeg2000Samples decoded = decode_jpeg2000({reinterpret_cast<const std::uint8_t*>(stream.data()), stream.size()},
                                            pixels, name, image.warnings);
  if (decoded.width != directory.block_width || decoded.height != directory.block_height) {
    throw Error(Code::kBadFile,
                fmt::format("{}: a JPEG 2000 tile of {} x {} where tiles have {} x {}", name, decoded.width,
                            decoded.height, directory.block_width, directory.block_height));
  }
  const bool known = (decoded.components == 1 || decoded.components == 3) && decoded.precision == 8 &&
                     !decoded.is_signed && !decoded.cmyk;
  if (!known) {
    refuse(name, fmt::format("JPEG 2000 of {} components of {} bits", decoded.components, decoded.precision));
  }
  image.mode = decoded.components == 1 ? Mode::kGrey : Mode::kRgb;
  image.samples = std::move(decoded.bytes);
  const bool ycbcr = decoded.ycbcr || (compression == kAperioYcbcr && !decoded.colour_transform);
  if (ycbcr && image.mode == Mode::kRgb) ycbcr_to_rgb(image.samples, 3);
  return image;
}

/// Drops the fourth sample of each pixel.
void drop_alpha(std::vector<std::uint8_t>& samples) {
  for (std::size_t i = 0; i * 4 + 4 <= samples.size(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) samples[i * 3 + c] = samples[i * 4 + c];
  }
  samples.resize(samples.size() / 4 * 3);
}

Image read_block(TIFF* tiff, TiffStream& stream, const TiffDirectory& directory, std::uint32_t index,
                 const Samples& samples, std::string_view name) {
  const bool alpha = samples.count == 4;
  const std::size_t size = std::size_t{directory.block_width} * directory.block_height * samples.count;
  const tmsize_t said = directory.tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  if (said <= 0 || static_cast<std::uint64_t>(said) != size) {
    throw Error(Code::kBadFile, fmt::format("{}: corrupt TIFF: its blocks do not hold its pixels", name));
  }
  Image image;
  image.mode = samples.count == 1 ? Mode::kGrey : Mode::kRgb;
  image.samples.resize(size);  // zeros: codecs may stop short without an error
  const tmsize_t got = directory.tiled ? TIFFReadEncodedTile(tiff, index, image.samples.data(), said)
                                       : TIFFReadEncodedStrip(tiff, index, image.samples.data(), said);
  check_codec(stream, got >= 0, name);
  if (alpha) drop_alpha(image.samples);
  return image;
}

TiffDirectory describe(TIFF* tiff) {
  constexpr std::size_t kMostText = 1U << 16U;
  TiffDirectory d;
  d.offset = TIFFCurrentDirOffset(tiff);
  d.tiled = TIFFIsTiled(tiff) != 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &d.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &d.height);
  d.block_width = d.width;
  d.block_height = d.height;
  if (d.tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &d.block_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &d.block_height);
  } else {
    std::uint32_t rows = 0;
    if (TIFFGetField(tiff, TIFFTAG_ROWSPERSTRIP, &rows) == 1) d.block_height = std::min(rows, d.height);
  }
  std::uint32_t kind = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &kind);
  d.reduced = (kind & FILETYPE_REDUCEDIMAGE) != 0;
  d.description = text_of(tiff, TIFFTAG_IMAGEDESCRIPTION, kMostText);
  d.software = text_of(tiff, TIFFTAG_SOFTWARE, 1024);
  std::uint32_t size = 0;
  const void* xmp = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_XMLPACKET, &size, &xmp) == 1 && xmp != nullptr) {
    d.xmp.assign(static_cast<const char*>(xmp), std::min<std::uint32_t>(size, 4096));
  }
  std::array<void*, 4> any{};
  d.hamamatsu = TIFFGetField(tiff, kHamamatsu, &any[0], &any[1], &any[2], &any[3]) == 1;
  std::uint16_t unit = RESUNIT_INCH;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
  float x = 0;
  float y = 0;
  if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x) == 1 && TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y) == 1) {
    d.mpp = {mpp_of(x, unit), mpp_of(y, unit)};
    if (d.mpp[0] <= 0 || d.mpp[1] <= 0) d.mpp = {};
  }
  return d;
}

}  // namespace

struct TiffTiles::Handle {
  TiffStream stream{};
  Tiff tiff{};
  std::uint64_t directory = 0;
};

struct TiffTiles::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Handle>> idle;
};

TiffTiles::TiffTiles(std::span<const std::byte> bytes, std::string_view name)
    : bytes_(bytes), name_(name), pool_(std::make_unique<Pool>()) {
  find_directories();
}

TiffTiles::~TiffTiles() = default;

void TiffTiles::find_directories() {
  TiffDirectoryCheck looked_at(bytes_, name_);
  looked_at.check_chain();
  TiffStream stream{bytes_};
  const Tiff tiff = open_tiff_stream(stream, limits());
  if (!tiff) refuse_tiff(stream, name_);
  const auto add = [&](bool sub) {
    if (directories_.size() >= kMaxDirectories) {
      throw Error(Code::kTooLarge, fmt::format("{}: a TIFF of more than {} images", name_, kMaxDirectories));
    }
    directories_.push_back(describe(tiff.get()));
    directories_.back().sub = sub;
  };
  // Those below are looked at once the chain is known: libtiff would go on from there.
  std::vector<std::pair<std::uint64_t, std::vector<std::uint64_t>>> chain;
  for (bool more = true; more; more = TIFFLastDirectory(tiff.get()) == 0 && TIFFReadDirectory(tiff.get()) == 1) {
    if (chain.size() >= kMaxDirectories) {
      throw Error(Code::kTooLarge, fmt::format("{}: a TIFF of more than {} images", name_, kMaxDirectories));
    }
    std::uint16_t count = 0;
    const std::uint64_t* below = nullptr;
    chain.emplace_back(TIFFCurrentDirOffset(tiff.get()), std::vector<std::uint64_t>{});
    if (TIFFGetField(tiff.get(), TIFFTAG_SUBIFD, &count, &below) == 1 && below != nullptr) {
      chain.back().second.assign(below, below + std::min<std::size_t>(count, kMaxDirectories));
    }
  }
  if (stream.error[0] != '\0') refuse_tiff(stream, name_);  // a chain that breaks off lacks levels
  for (const auto& [offset, below] : chain) {
    if (TIFFSetSubDirectory(tiff.get(), offset) != 1) refuse_tiff(stream, name_);
    add(false);
    for (const std::uint64_t sub : below) {
      looked_at.check_from(sub);
      if (TIFFSetSubDirectory(tiff.get(), sub) != 1) refuse_tiff(stream, name_);
      add(true);
    }
  }
}

std::unique_ptr<TiffTiles::Handle> TiffTiles::take(const TiffDirectory& directory) const {
  std::unique_ptr<Handle> handle;
  {
    const std::lock_guard lock(pool_->mutex);
    auto& idle = pool_->idle;
    const auto same =
        std::find_if(idle.begin(), idle.end(), [&](const auto& one) { return one->directory == directory.offset; });
    const auto chosen = same != idle.end() ? same : idle.begin();
    if (chosen != idle.end()) {
      handle = std::move(*chosen);
      idle.erase(chosen);
    }
  }
  if (!handle) {
    handle = std::make_unique<Handle>();
    handle->stream.bytes = bytes_;
    handle->tiff = open_tiff_stream(handle->stream, limits());
    if (!handle->tiff) refuse_tiff(handle->stream, name_);
  }
  if (handle->directory != directory.offset) {
    if (TIFFSetSubDirectory(handle->tiff.get(), directory.offset) != 1) refuse_tiff(handle->stream, name_);
    handle->directory = directory.offset;
    const Samples samples = samples_of(handle->tiff.get());
    const bool ycbcr = samples.compression == COMPRESSION_JPEG && samples.photometric == PHOTOMETRIC_YCBCR;
    if (ycbcr) TIFFSetField(handle->tiff.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  handle->stream.error = {};
  handle->stream.warnings.clear();
  handle->stream.ends_early = false;
  return handle;
}

void TiffTiles::give_back(std::unique_ptr<Handle> handle) const {
  const std::lock_guard lock(pool_->mutex);
  pool_->idle.push_back(std::move(handle));
}

std::vector<std::byte> TiffTiles::icc_profile(const TiffDirectory& directory) const {
  std::unique_ptr<Handle> handle = take(directory);
  std::uint32_t size = 0;
  const void* profile = nullptr;
  std::vector<std::byte> bytes;
  if (TIFFGetField(handle->tiff.get(), TIFFTAG_ICCPROFILE, &size, &profile) == 1 && profile != nullptr) {
    if (size > kMaxProfileBytes) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: an ICC profile of {} bytes, the limit is {}", name_, size, kMaxProfileBytes));
    }
    const auto* first = static_cast<const std::byte*>(profile);
    bytes.assign(first, first + size);
  }
  give_back(std::move(handle));
  return bytes;
}

void TiffTiles::check(const TiffDirectory& directory) const {
  if (directory.width == 0 || directory.height == 0 || directory.block_width == 0 || directory.block_height == 0) {
    throw Error(Code::kBadFile, fmt::format("{}: corrupt TIFF: an image without pixels", name_));
  }
  const std::uint64_t pixels = std::uint64_t{directory.block_width} * directory.block_height;
  if (pixels > kMaxBlockPixels) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: a slide stored in pieces of {} x {} pixels, the limit is {} million", name_,
                            directory.block_width, directory.block_height, kMaxBlockPixels >> 20U));
  }
  std::unique_ptr<Handle> handle = take(directory);
  check_samples(samples_of(handle->tiff.get()), name_);
  give_back(std::move(handle));
}

std::optional<Image> TiffTiles::read(const TiffDirectory& directory, std::uint64_t column, std::uint64_t row) const {
  const std::uint64_t x = column * directory.block_width;
  const std::uint64_t y = row * directory.block_height;
  if (column > directory.width || row > directory.height || x >= directory.width || y >= directory.height) {
    throw Error(Code::kInternal, fmt::format("{}: no block in column {}, row {}", name_, column, row));
  }
  std::unique_ptr<Handle> handle = take(directory);
  TIFF* const tiff = handle->tiff.get();
  const auto left = static_cast<std::uint32_t>(x);
  const auto top = static_cast<std::uint32_t>(y);
  const std::uint32_t index = directory.tiled ? TIFFComputeTile(tiff, left, top, 0, 0) : TIFFComputeStrip(tiff, top, 0);
  const std::uint64_t size = TIFFGetStrileByteCount(tiff, index);
  const std::uint64_t at = TIFFGetStrileOffset(tiff, index);
  std::optional<Image> image;
  if (size > 0 && at > 0) {
    const Samples samples = samples_of(tiff);
    check_samples(samples, name_);
    handle->stream.decoding = true;
    if (is_jpeg2000(samples.compression)) {
      if (at > bytes_.size() || size > bytes_.size() - at) {
        throw Error(Code::kBadFile, fmt::format("{}: truncated TIFF: a tile lies past its end", name_));
      }
      image = read_jpeg2000_block(bytes_.subspan(at, size), directory, samples.compression, name_);
    } else {
      image = read_block(tiff, handle->stream, directory, index, samples, name_);
    }
    image->width = static_cast<int>(directory.block_width);
    image->height = static_cast<int>(directory.block_height);
    for (const std::string& warning : handle->stream.warnings) add_warning(image->warnings, warning);
    handle->stream.decoding = false;
  }
  give_back(std::move(handle));
  return image;
}

}  // namespace mi2::image
