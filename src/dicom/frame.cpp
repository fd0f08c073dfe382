#include "dicom/frame.hpp"

#include <dcmtk/dcmdata/dcpixel.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "dicom/dataset.hpp"
#include "dicom/decode_jpeg.hpp"
#include "dicom/encapsulated.hpp"
#include "dicom/rle.hpp"

namespace mi2::dicom {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are kept in little endian and read as such");

std::uint32_t need(Object& object, const DcmTagKey& key, const char* what, std::string_view name) {
  const std::optional<std::uint32_t> value = word(*object.data, key);
  if (!value || *value == 0) throw Error(Code::kBadFile, fmt::format("{}: {} is missing or zero", name, what));
  return *value;
}

void read_depth(Object& object, Layout& layout, std::string_view name) {
  layout.allocated = need(object, DCM_BitsAllocated, "BitsAllocated", name);
  const unsigned bits = layout.allocated;
  const bool whole = !layout.floating && (bits == 8 || bits == 16 || bits == 32 || (bits == 1 && layout.samples == 1));
  const bool real = layout.floating && layout.samples == 1 && (bits == 32 || bits == 64);
  if (!whole && !real) {
    throw Error(Code::kUnsupported, fmt::format("{}: {} bits allocated for each of {} samples a pixel is not read",
                                                name, bits, layout.samples));
  }
  layout.stored = word(*object.data, DCM_BitsStored).value_or(bits);
  layout.high_bit = word(*object.data, DCM_HighBit).value_or(layout.stored - 1);
  if (layout.floating) return;
  if (layout.stored == 0 || layout.stored > bits || layout.high_bit >= bits || layout.high_bit + 1 < layout.stored) {
    throw Error(Code::kBadFile, fmt::format("{}: BitsAllocated {}, BitsStored {} and HighBit {} contradict each other",
                                            name, bits, layout.stored, layout.high_bit));
  }
  layout.is_signed = word(*object.data, DCM_PixelRepresentation).value_or(0) == 1;
}

/// An IS (PS3.5 6.2), so 31 bits; a file may give it another VR and any number. Zero and less count as one.
std::uint64_t read_frames(Object& object, std::string_view name) {
  constexpr double kMost = std::numeric_limits<std::int32_t>::max();
  const double frames = number(*object.data, DCM_NumberOfFrames).value_or(1);
  if (frames > kMost) {
    throw Error(Code::kBadFile, fmt::format("{}: NumberOfFrames is {}, at most {} are possible", name, frames, kMost));
  }
  return static_cast<std::uint64_t>(std::max(1.0, frames));
}

Layout read_layout(Object& object, bool floating, std::uint64_t max_pixels, std::string_view name) {
  Layout layout;
  layout.floating = floating;
  layout.rows = need(object, DCM_Rows, "Rows", name);
  layout.columns = need(object, DCM_Columns, "Columns", name);
  if (layout.pixels() > max_pixels) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} x {} pixels, at most {} are allowed", name, layout.columns,
                                             layout.rows, max_pixels));
  }
  layout.frames = read_frames(object, name);
  layout.unreadable_count =
      !text(*object.data, DCM_NumberOfFrames).empty() && !number(*object.data, DCM_NumberOfFrames).has_value();
  layout.photometric = text(*object.data, DCM_PhotometricInterpretation);
  if (layout.photometric.empty()) {
    throw Error(Code::kBadFile, fmt::format("{}: PhotometricInterpretation is missing", name));
  }
  layout.samples = word(*object.data, DCM_SamplesPerPixel).value_or(1);
  if (layout.samples != 1 && layout.samples != 3) {
    throw Error(Code::kUnsupported, fmt::format("{}: {} samples a pixel are not read", name, layout.samples));
  }
  read_depth(object, layout, name);
  layout.planar = layout.samples == 3 && word(*object.data, DCM_PlanarConfiguration).value_or(0) == 1;
  return layout;
}

/// All bytes of a native pixel element in memory, 16-bit words little endian.
std::span<const std::uint8_t> native_bytes(DcmElement& element) {
  Uint8* bytes = nullptr;
  Uint16* half = nullptr;
  Float32* single = nullptr;
  Float64* twice = nullptr;
  const std::size_t size = element.getLength();
  if (size == 0) return {};
  if (element.getTag() == DCM_FloatPixelData) {
    if (element.getFloat32Array(single).good()) bytes = reinterpret_cast<Uint8*>(single);
  } else if (element.getTag() == DCM_DoubleFloatPixelData) {
    if (element.getFloat64Array(twice).good()) bytes = reinterpret_cast<Uint8*>(twice);
  } else if (element.getVR() == EVR_OB || element.getVR() == EVR_UN) {
    if (element.getUint8Array(bytes).bad()) return {};
  } else if (element.getUint16Array(half).good()) {
    bytes = reinterpret_cast<Uint8*>(half);
  }
  if (bytes == nullptr) return {};
  return {bytes, size};
}

/// Big endian samples that DCMTK left as they are: it swaps OW by 16-bit words and OB not at all.
void fix_byte_order(std::vector<std::uint8_t>& bytes, unsigned allocated, bool swapped_by_words) {
  const std::size_t size = allocated / 8;
  const std::size_t unit = swapped_by_words ? 2 : 1;
  for (std::size_t at = 0; size > unit && at + size <= bytes.size(); at += size) {
    for (std::size_t i = 0, j = size - unit; i < j; i += unit, j -= unit) {
      std::swap_ranges(&bytes[at + i], &bytes[at + i] + unit, &bytes[at + j]);
    }
  }
}

std::vector<std::uint8_t> unpack_bits(std::span<const std::uint8_t> packed, std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint8_t> out(count);
  for (std::uint64_t i = 0; i < count; ++i) out[i] = packed[(first + i) / 8] >> ((first + i) % 8) & 1U;
  return out;
}

/// [Y1 Y2 Cb Cr] for two pixels -> [Y Cb Cr] for each.
std::vector<std::uint8_t> spread_chroma(std::span<const std::uint8_t> in) {
  std::vector<std::uint8_t> out;
  out.reserve(in.size() / 4 * 6);
  for (std::size_t i = 0; i + 4 <= in.size(); i += 4) {
    out.insert(out.end(), {in[i], in[i + 2], in[i + 3], in[i + 1], in[i + 2], in[i + 3]});
  }
  return out;
}

struct NativePixels {
  std::span<const std::uint8_t> all;
  std::uint64_t bits = 0;  ///< of a frame
  bool half_chroma = false;
};

/// @throws Error{kBadFile} if they are fewer than the frames take.
NativePixels native_pixels(DcmElement& element, const Layout& layout, std::string_view name) {
  const std::span<const std::uint8_t> all = native_bytes(element);
  const std::uint64_t full = base::checked_mul(layout.pixels(), layout.samples * layout.allocated, name);
  std::uint64_t bits = full;
  const bool half_chroma = layout.photometric == "YBR_FULL_422" && layout.samples == 3 && layout.allocated == 8 &&
                           all.size() < base::checked_mul(full, layout.frames, name) / 8;
  if (half_chroma) bits = full / 3 * 2;
  const std::uint64_t needed = base::checked_add(base::checked_mul(bits, layout.frames, name), 7, name) / 8;
  if (all.size() < needed) {
    throw Error(Code::kBadFile, fmt::format("{}: pixel data has {} bytes, {} frames of {} x {} take {}", name,
                                            all.size(), layout.frames, layout.columns, layout.rows, needed));
  }
  if (layout.unreadable_count && all.size() / 2 >= needed) {
    throw Error(Code::kBadFile, fmt::format("{}: NumberOfFrames is not a whole number, and pixel data has {} bytes, "
                                            "where one frame takes {}",
                                            name, all.size(), needed));
  }
  return {all, bits, half_chroma};
}

void read_native(Object& object, DcmElement& element, Frame& frame, std::string_view name) {
  Layout& layout = frame.layout;
  const auto [all, bits, half_chroma] = native_pixels(element, layout, name);
  if (half_chroma && layout.columns % 2 != 0) {
    throw Error(Code::kBadFile,
                fmt::format("{}: YBR_FULL_422 needs an even number of columns, found {}", name, layout.columns));
  }
  if (layout.allocated == 1) {
    frame.bytes = unpack_bits(all, frame.index * bits, layout.pixels());
    return;
  }
  const std::span<const std::uint8_t> one = all.subspan(frame.index * (bits / 8), bits / 8);
  if (half_chroma) {
    frame.bytes = spread_chroma(one);
    layout.planar = false;
    return;
  }
  frame.bytes.assign(one.begin(), one.end());
  if (object.syntax.encoding.big_endian && !layout.floating) {
    fix_byte_order(frame.bytes, layout.allocated, element.getVR() != EVR_OB && element.getVR() != EVR_UN);
  }
}

void read_encapsulated(Object& object, const Fragments& fragments, Frame& frame, std::string_view name) {
  const std::vector<std::uint8_t> stream = fragments.codestream(frame.index, name);
  if (object.syntax.codec != Codec::kRle) {
    frame.bytes = decode_jpeg(stream, object, frame.layout, name);
    return;
  }
  frame.bytes = decode_rle(stream, frame.layout, name);
  frame.layout.planar = false;
  if (frame.layout.allocated == 1) frame.bytes = unpack_bits(frame.bytes, 0, frame.layout.pixels());
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

FrameReader::FrameReader(Object& object, std::uint64_t max_pixels, std::string_view name) : object_(object) {
  bool floating = false;
  for (const DcmTagKey& key : {DCM_PixelData, DCM_FloatPixelData, DCM_DoubleFloatPixelData}) {
    if (object.data->findAndGetElement(key, element_).good() && element_ != nullptr) {
      floating = key != DCM_PixelData;
      break;
    }
  }
  if (element_ == nullptr) {
    throw Error(Code::kUnsupported, fmt::format("{}: holds no pixel data (SOP class {})", name,
                                                printable(text(*object.data, DCM_SOPClassUID))));
  }
  layout_ = read_layout(object, floating, max_pixels, name);
  compressed_ = object.syntax.codec != Codec::kNative && object.syntax.codec != Codec::kDeflated;
  if (compressed_ && floating) {
    throw Error(Code::kUnsupported, fmt::format("{}: compressed floating point pixels are not read", name));
  }
}

FrameReader::~FrameReader() = default;

const Fragments& FrameReader::fragments(std::string_view name) {
  if (!fragments_) fragments_ = std::make_unique<Fragments>(object_, layout_.frames, name);
  return *fragments_;
}

void FrameReader::check(std::string_view name) {
  if (compressed_) {
    fragments(name).check(name);
  } else {
    static_cast<void>(native_pixels(*element_, layout_, name));
  }
}

Frame FrameReader::read(std::uint64_t index, std::string_view name) {
  Frame frame;
  frame.layout = layout_;
  frame.index = index;
  if (compressed_) {
    read_encapsulated(object_, fragments(name), frame, name);
  } else {
    read_native(object_, *element_, frame, name);
  }
  if (frame.layout.allocated == 1) {
    frame.layout.allocated = 8;
    frame.layout.high_bit = 0;
  }
  return frame;
}

}  // namespace mi2::dicom
