#include "dicom/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include <mi2/error.hpp>

#include "dicom/codestream.hpp"
#include "dicom/decode_jpeg.hpp"
#include "dicom/decode_jpeg2000.hpp"
#include "dicom/encapsulated.hpp"
#include "dicom/native.hpp"
#include "dicom/rle.hpp"

namespace mi2::dicom {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are kept in little endian and read as such");

bool is_native(Codec codec) noexcept { return codec == Codec::kNative || codec == Codec::kDeflated; }

void read_rle(std::span<const std::uint8_t> stream, Frame& frame, std::string_view name) {
  std::vector<std::uint8_t> bytes = decode_rle(stream, frame.layout, name);
  frame.layout.planar = false;
  if (frame.layout.allocated == 1) bytes = unpack_bits(bytes, 0, frame.layout.pixels());
  frame.bytes = std::move(bytes);
}

/// What the transfer syntax promises.
std::optional<Coding> promised(Codec codec) noexcept {
  if (codec == Codec::kJpeg) return Coding::kJpeg;
  if (codec == Codec::kJpegLs) return Coding::kJpegLs;
  if (codec == Codec::kJpeg2000) return Coding::kJpeg2000;
  return std::nullopt;
}

bool is_lossless_jpeg(std::span<const std::uint8_t> stream) noexcept {
  const std::optional<JpegHeader> header = read_jpeg_header(stream);
  return header.has_value() && header->lossless();
}

/// The stream says how it is coded; that the transfer syntax says another is worth a word.
void read_encapsulated(const TransferSyntax& syntax, const Fragments& fragments, Frame& frame, std::string_view name,
                       image::Warnings& warnings) {
  const std::vector<std::uint8_t> stream = fragments.codestream(frame.index, name);
  if (fragments.more() > 0) {
    image::add_warning(
        warnings, fmt::format("more_pixels: pixel data has {} frames more than the object says", fragments.more()));
  }
  const std::optional<Coding> coding = find_coding(stream);
  if (!coding && syntax.codec == Codec::kRle) return read_rle(stream, frame, name);
  if (!coding) {
    throw Error(Code::kBadFile, fmt::format("{}: frame {} is coded neither as transfer syntax {} says nor as JPEG, "
                                            "JPEG-LS or JPEG 2000",
                                            name, frame.index + 1, syntax.name));
  }
  const bool lossless = *coding == Coding::kJpeg && is_lossless_jpeg(stream);
  const bool other_process = syntax.codec == Codec::kJpeg && lossless != syntax.lossless;
  if (coding != promised(syntax.codec) || other_process) {
    image::add_warning(warnings, fmt::format("other_coding: the frame is {}{}, the transfer syntax says {}",
                                             lossless ? "lossless " : "", name_of(*coding), syntax.name));
  }
  frame.bytes = *coding == Coding::kJpeg2000 ? decode_jpeg2000(stream, frame.layout, name, warnings)
                                             : decode_jpeg(stream, *coding, frame.layout, name, warnings);
}

/// @param sign  the stored bits' highest, or 0 of samples without a sign.
template <typename Sample>
bool one_is_beyond(const FrameBytes& bytes, Sample beside, Sample sign) noexcept {
  constexpr std::size_t kAtOnce = 4096;  // looked at to their end, so that the compiler may take many at a time
  const auto negative = static_cast<Sample>(beside | sign);
  const std::size_t count = bytes.size() / sizeof(Sample);
  for (std::size_t first = 0; first < count; first += kAtOnce) {
    const std::size_t last = std::min(first + kAtOnce, count);
    Sample found = 0;
    for (std::size_t i = first; i < last; ++i) {
      Sample raw = 0;
      std::memcpy(&raw, bytes.data() + i * sizeof raw, sizeof raw);
      const bool extended = sign != 0 && (raw & negative) == negative;
      found = static_cast<Sample>(found | (extended ? 0 : raw & beside));
    }
    if (found != 0) return true;
  }
  return false;
}

/// Whether the bits beside the stored ones of a sample are not what the sign makes them.
bool beyond_stored(const Frame& frame) noexcept {
  const Layout& layout = frame.layout;
  const std::uint32_t all = layout.allocated == 32 ? ~0U : (1U << layout.allocated) - 1;
  const std::uint32_t beside = all & ~((1U << layout.stored) - 1);
  const std::uint32_t sign = layout.is_signed ? 1U << (layout.stored - 1) : 0;
  if (layout.allocated == 8) return one_is_beyond<std::uint8_t>(frame.bytes, beside & 0xFFU, sign & 0xFFU);
  if (layout.allocated == 16) return one_is_beyond<std::uint16_t>(frame.bytes, beside & 0xFFFFU, sign & 0xFFFFU);
  return one_is_beyond<std::uint32_t>(frame.bytes, beside, sign);
}

/// Values that BitsStored is too small for are what the pixels are, unless those bits are overlays (PS3.5 8.1.2).
void widen_stored(Frame& frame, image::Warnings& warnings) {
  Layout& layout = frame.layout;
  const bool may =
      !layout.floating && !layout.overlays && layout.stored < layout.allocated && layout.high_bit + 1 == layout.stored;
  if (!may || !beyond_stored(frame)) return;
  image::add_warning(warnings,
                     fmt::format("beyond_bits_stored: values take more than the {} bits that BitsStored says; "
                                 "all {} are read",
                                 layout.stored, layout.allocated));
  layout.stored = layout.allocated;
  layout.high_bit = layout.allocated - 1;
}

}  // namespace

std::uint32_t Frame::code(std::size_t i) const noexcept {
  std::uint32_t raw = 0;
  const std::size_t size = layout.allocated / 8;
  std::memcpy(&raw, bytes.data() + i * size, size);
  raw >>= layout.high_bit + 1 - layout.stored;
  return layout.stored >= 32 ? raw : raw & ((1U << layout.stored) - 1);
}

double Frame::value(std::size_t i) const noexcept {
  if (layout.floating && layout.allocated == 64) {
    double out = 0;
    std::memcpy(&out, bytes.data() + i * 8, 8);
    return out;
  }
  if (layout.floating) {
    float out = 0;
    std::memcpy(&out, bytes.data() + i * 4, 4);
    return static_cast<double>(out);
  }
  const std::uint32_t raw = code(i);
  const bool negative = layout.is_signed && (raw >> (layout.stored - 1) & 1U) != 0;
  return negative ? static_cast<double>(raw) - static_cast<double>(std::uint64_t{1} << layout.stored)
                  : static_cast<double>(raw);
}

FrameReader::FrameReader(const Object& object, std::uint64_t max_pixels, std::string_view name) : object_(object) {
  bool floating = false;
  for (const Tag tag : {tags::kPixelData, tags::kFloatPixels, tags::kDoublePixels}) {
    element_ = object.data.find(tag);
    floating = tag != tags::kPixelData;
    if (element_ != nullptr) break;
  }
  if (element_ == nullptr) {
    throw Error(Code::kUnsupported, fmt::format("{}: holds no pixel data (SOP class {})", name,
                                                printable(text(object.data, tags::kSopClass))));
  }
  layout_ = read_layout(object.data, floating, max_pixels, name);
  if (!is_native(object.syntax.codec) && floating) {
    throw Error(Code::kUnsupported, fmt::format("{}: compressed floating point pixels are not read", name));
  }
  if (!is_native(object.syntax.codec) || element_->fragments) {
    fragments_ = std::make_unique<Fragments>(object, *element_, layout_.frames, name);
  }
}

FrameReader::~FrameReader() = default;

void FrameReader::check(std::string_view name) const {
  if (fragments_) {
    fragments_->check(name);
  } else {
    check_native(*element_, layout_, name);
  }
}

Frame FrameReader::read(std::uint64_t index, std::string_view name, image::Warnings& warnings) const {
  Frame frame;
  frame.layout = layout_;
  frame.index = index;
  if (fragments_) {
    read_encapsulated(object_.syntax, *fragments_, frame, name, warnings);
  } else {
    read_native(*element_, frame, name, warnings);
  }
  if (frame.layout.allocated == 1) {
    frame.layout.allocated = 8;
    frame.layout.high_bit = 0;
  }
  widen_stored(frame, warnings);
  return frame;
}

}  // namespace mi2::dicom
