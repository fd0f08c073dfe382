#include "dicom/decode_jpeg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "dicom/dcmtk_codecs.hpp"
#include "dicom/transfer_syntax.hpp"

namespace mi2::dicom {
namespace {

constexpr std::uint64_t kMaxScans = 500;
/// Scans x pixels that a progressive stream may ask for: every scan walks the whole image.
constexpr std::uint64_t kMaxScanPixels = 8'000'000'000;

[[noreturn]] void ends_early(Coding coding, std::string_view name) {
  throw Error(Code::kBadFile, fmt::format("{}: the {} frame ends before its last pixel", name, name_of(coding)));
}

JpegHeader check_header(std::span<const std::uint8_t> stream, Coding coding, std::string_view name) {
  const std::optional<JpegHeader> header = read_jpeg_header(stream);
  if (!header) throw Error(Code::kBadFile, fmt::format("{}: the compressed frame has no JPEG frame header", name));
  if (header->precision < 2 || header->precision > 16) {
    throw Error(Code::kUnsupported, fmt::format("{}: JPEG of {} bits a sample is not read", name, header->precision));
  }
  if (coding == Coding::kJpeg && header->process > 0xC3) {
    throw Error(Code::kUnsupported, fmt::format("{}: hierarchical or arithmetic-coded JPEG is not read", name));
  }
  const std::uint64_t pixels = std::uint64_t{header->width} * header->height;
  if (header->scans > kMaxScans || (header->progressive() && header->scans * pixels > kMaxScanPixels)) {
    throw Error(Code::kTooLarge, fmt::format("{}: a JPEG of {} scans", name, header->scans));
  }
  // Each is two bytes. The codec would miss them one by one, with a message each.
  if (header->restarts > stream.size() / 2) ends_early(coding, name);
  return *header;
}

/// Complaints that mean missing pixels, as the Independent JPEG Group's library words them.
bool means_early_end(std::string_view complaint) noexcept {
  return complaint.find("remature end of") != std::string_view::npos;
}

}  // namespace

std::vector<std::uint8_t> decode_jpeg(std::span<const std::uint8_t> stream, Coding coding, Layout& layout,
                                      std::string_view name, image::Warnings& warnings) {
  const JpegHeader header = check_header(stream, coding, name);
  take_size(layout, {header.width, header.height, header.components}, name, warnings);
  const unsigned allocated = header.precision > 8 ? 16 : 8;
  const std::uint64_t samples = base::checked_mul(layout.pixels(), layout.samples, "a frame");
  const std::uint64_t size = base::checked_mul(samples, allocated / 8, "a frame");
  if (size + 1 > std::numeric_limits<std::uint32_t>::max() ||
      stream.size() > std::numeric_limits<std::uint32_t>::max() - 1) {
    throw Error(Code::kTooLarge, fmt::format("{}: a frame of {} bytes is too large for the codec", name, size));
  }
  layout.allocated = allocated;
  layout.stored = std::min(layout.stored, allocated);
  layout.high_bit = layout.stored - 1;
  layout.planar = false;
  const bool says_ybr = layout.photometric.starts_with("YBR");
  const bool ycbcr = coding == Coding::kJpeg && layout.samples == 3 && is_ycbcr(header, says_ybr);
  Decoded decoded = decode_with_dcmtk(stream, header, layout, ycbcr);
  if (!decoded.error.empty()) {
    throw Error(Code::kBadFile, fmt::format("{}: the {} frame cannot be decoded ({})", name, name_of(coding),
                                            printable(decoded.error)));
  }
  for (const std::string& complaint : decoded.complaints) {
    if (means_early_end(complaint)) ends_early(coding, name);
    image::add_warning(warnings, fmt::format("codec: {}: {}", name_of(coding), printable(complaint, 100)));
  }
  if (layout.samples == 3 && coding == Coding::kJpeg) layout.photometric = decoded.photometric;
  return std::move(decoded.bytes);
}

}  // namespace mi2::dicom
