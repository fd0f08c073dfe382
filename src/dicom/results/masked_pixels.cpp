#include "dicom/results/masked_pixels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/little_endian.hpp"
#include "dicom/attributes.hpp"
#include "dicom/dataset.hpp"
#include "dicom/frame.hpp"
#include "dicom/lookup_table.hpp"
#include "dicom/results/copied_pixels.hpp"
#include "dicom/results/element_writer.hpp"

namespace mi2::dicom::results {
namespace {

constexpr Tag kSmallest = 0x00280106, kLargest = 0x00280107;
constexpr Tag kLossy = 0x00282110, kLossyRatio = 0x00282112, kLossyMethod = 0x00282114;

std::string word_bytes(std::uint64_t value) {
  std::string bytes;
  base::append_little_endian<std::uint16_t>(bytes, static_cast<std::uint16_t>(value));
  return bytes;
}

/// Whether no encoder of this transfer syntax loses anything.
bool is_lossless(const TransferSyntax& syntax) {
  constexpr std::array<std::string_view, 6> kLossless{"1.2.840.10008.1.2.4.80",  "1.2.840.10008.1.2.4.90",
                                                      "1.2.840.10008.1.2.4.92",  "1.2.840.10008.1.2.4.201",
                                                      "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.5"};
  return syntax.codec == Codec::kNative || syntax.lossless ||
         std::find(kLossless.begin(), kLossless.end(), syntax.uid) != kLossless.end();
}

/// PS3.3 C.7.6.1.1.5, which copies that are not compressed any more still have.
void put_loss(const Object& object, std::uint64_t bytes, std::uint64_t compressed, std::map<Tag, std::string>& values) {
  if (is_lossless(object.syntax)) return;
  // What JPEG 2000 and JPEG-LS are, an object may say; JPEG is what it is.
  if (object.syntax.codec != Codec::kJpeg && present(object.data, kLossy)) return;
  values[kLossy] = "01";
  if (!present(object.data, kLossyRatio) && compressed > 0) {
    values[kLossyRatio] = fmt::format("{:.2f}", static_cast<double>(bytes) / static_cast<double>(compressed));
  }
  if (present(object.data, kLossyMethod)) return;
  if (object.syntax.codec == Codec::kJpeg) values[kLossyMethod] = "ISO_10918_1";
  if (object.syntax.codec == Codec::kJpegLs) values[kLossyMethod] = "ISO_14495_1";
  if (object.syntax.codec == Codec::kJpeg2000) values[kLossyMethod] = "ISO_15444_1";
}

/// All frames of an object, as FrameReader has them: no sample of a single bit, no shared chrominance.
class Frames {
 public:
  Frames(const Object& object, std::uint64_t max_pixels, std::string_view name)
      : object_(object), reader_(object, max_pixels, name), name_(name) {}

  /// @returns why they cannot be masked; of a fixed list. Empty: they can.
  std::string_view read() {
    reader_.check(name_);
    for (std::uint64_t i = 0; i < reader_.frames(); ++i) {
      image::Warnings ignored;
      const Frame frame = reader_.read(i, name_, ignored);
      if (i == 0) {
        begin(frame);
        if (const std::string_view why = unknown(); !why.empty()) return why;
      } else if (!fits(frame)) {
        return "frames that are not of one kind";
      }
      // What does not fit into the bits that the header says is of all its bits, in one frame or another.
      layout_.stored = std::max(layout_.stored, frame.layout.stored);
      layout_.high_bit = std::max(layout_.high_bit, frame.layout.high_bit);
      see(frame);
      const auto bytes = std::as_bytes(std::span(frame.bytes.data(), frame.bytes.size()));
      all_.insert(all_.end(), bytes.begin(), bytes.end());
    }
    return {};
  }

  /// @returns false if there is no black.
  bool mask(const std::vector<Box>& boxes) {
    const std::optional<std::array<std::uint64_t, 3>> colour = black();
    if (!colour) return false;
    for (std::uint64_t frame = 0; frame < reader_.frames(); ++frame) {
      for (const Box& box : boxes) blacken(frame, box, *colour);
    }
    return true;
  }

  [[nodiscard]] const Layout& layout() const noexcept { return layout_; }
  [[nodiscard]] std::vector<std::byte> take() noexcept { return std::move(all_); }

 private:
  void begin(const Frame& frame) {
    constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
    layout_ = frame.layout;
    frame_bytes_ = frame.bytes.size();
    if (frame_bytes_ == 0 || reader_.frames() > kMostBytes / frame_bytes_) {
      throw Error(Code::kTooLarge, fmt::format("{}: {} frames of {} bytes, which are masked together; the limit is {}",
                                               name_, reader_.frames(), frame_bytes_, kMostBytes));
    }
    // What a small file says may not be there: beyond this, memory grows with what comes.
    constexpr std::uint64_t kAtOnce = std::uint64_t{1} << 26;
    all_.reserve(std::min(reader_.frames() * frame_bytes_, kAtOnce));
  }

  [[nodiscard]] std::string_view unknown() const {
    constexpr std::array<std::string_view, 6> kKnown{"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR",
                                                     "RGB",         "YBR_FULL",    "YBR_FULL_422"};
    if (std::find(kKnown.begin(), kKnown.end(), layout_.photometric) == kKnown.end()) return "colours without a black";
    const bool colour = layout_.photometric.starts_with("RGB") || layout_.photometric.starts_with("YBR");
    if ((layout_.samples == 3) != colour) return "colours without a black";
    const std::uint64_t samples = layout_.pixels() * layout_.samples;
    const bool whole = frame_bytes_ == samples * (layout_.allocated / 8);
    const bool as_said =
        layout_.rows == word_of(object_.data, tags::kRows) && layout_.columns == word_of(object_.data, tags::kColumns);
    return whole && as_said ? std::string_view() : "frames of another size than the header says";
  }

  [[nodiscard]] bool fits(const Frame& frame) const {
    const Layout& other = frame.layout;
    return frame.bytes.size() == frame_bytes_ && other.rows == layout_.rows && other.columns == layout_.columns &&
           other.samples == layout_.samples && other.allocated == layout_.allocated && other.planar == layout_.planar &&
           other.photometric == layout_.photometric;
  }

  /// Whether a larger value is darker.
  [[nodiscard]] bool inverted() const {
    const Item* const group = functional_group(object_.data, 0, tags::kPixelTransformation);
    const double slope = number(group == nullptr ? object_.data : *group, tags::kRescaleSlope).value_or(1);
    return (layout_.photometric == "MONOCHROME1") != (slope < 0);
  }

  /// Signed and floating samples have no end of a range that would be black and still leave the others their shades.
  [[nodiscard]] bool has_range() const { return !layout_.is_signed && !layout_.floating; }

  void see(const Frame& frame) {
    if (layout_.samples != 1 || has_range() || layout_.photometric == "PALETTE COLOR") return;
    const bool largest = inverted();
    for (std::size_t i = 0; i < layout_.pixels(); ++i) {
      const double value = frame.value(i);
      if (std::isfinite(value)) darkest_ = largest ? std::max(darkest_, value) : std::min(darkest_, value);
    }
  }

  /// A stored value as its sample's bytes.
  [[nodiscard]] std::uint64_t raw(std::int64_t value) const {
    const auto bits = static_cast<std::uint64_t>(value);
    const unsigned shift = layout_.high_bit + 1 - layout_.stored;
    // Of a sign all bits above are copies, as those read it who do not mask.
    if (shift == 0 && !layout_.overlays) return bits;
    return (bits & ((std::uint64_t{1} << layout_.stored) - 1)) << shift;
  }

  [[nodiscard]] std::optional<std::array<std::uint64_t, 3>> black() const {
    if (layout_.photometric == "PALETTE COLOR") return darkest_of_palette();
    if (layout_.photometric == "RGB") return std::array<std::uint64_t, 3>{};
    if (layout_.samples == 3) {
      const std::uint64_t none = raw(std::int64_t{1} << (layout_.stored - 1));  // of a chrominance
      return std::array<std::uint64_t, 3>{0, none, none};
    }
    std::uint64_t value = 0;
    if (layout_.floating && layout_.allocated == 64) {
      std::memcpy(&value, &darkest_, sizeof darkest_);
    } else if (layout_.floating) {
      const auto narrow = static_cast<float>(darkest_);
      std::memcpy(&value, &narrow, sizeof narrow);
    } else if (has_range()) {
      value = inverted() ? raw((std::int64_t{1} << layout_.stored) - 1) : 0;
    } else {
      value = raw(static_cast<std::int64_t>(darkest_));
    }
    return std::array<std::uint64_t, 3>{value};
  }

  [[nodiscard]] std::optional<std::array<std::uint64_t, 3>> darkest_of_palette() const {
    std::array<LookupTable, 3> tables;
    for (Tag c = 0; c < 3; ++c) {
      std::optional<LookupTable> table =
          read_table(object_.data, tags::kRedDescriptor + c, tags::kRedData + c, layout_.is_signed);
      if (!table) return std::nullopt;
      tables.at(c) = *std::move(table);
    }
    const std::int64_t half = std::int64_t{1} << (layout_.stored - 1);
    const std::int64_t lowest = layout_.is_signed ? -half : 0;
    const std::int64_t highest = layout_.is_signed ? half - 1 : 2 * half - 1;
    std::optional<std::pair<std::uint64_t, std::int64_t>> found;  // its light, and what it is
    for (std::size_t i = 0; i < tables[0].entries.size(); ++i) {
      const std::int64_t value = tables[0].first + static_cast<std::int64_t>(i);
      if (value < lowest || value > highest) continue;
      const auto shade = [&](std::size_t c) { return std::uint64_t{tables.at(c).at(static_cast<double>(value))}; };
      const std::uint64_t light = 299 * shade(0) + 587 * shade(1) + 114 * shade(2);
      if (!found || light < found->first) found = {light, value};
    }
    if (!found) return std::nullopt;
    return std::array<std::uint64_t, 3>{raw(found->second)};
  }

  void blacken(std::uint64_t frame, const Box& box, const std::array<std::uint64_t, 3>& colour) {
    const std::size_t size = layout_.allocated / 8;
    for (std::uint64_t y = box.top; y < box.bottom; ++y) {
      for (std::uint64_t x = box.left; x < box.right; ++x) {
        for (std::uint64_t c = 0; c < layout_.samples; ++c) {
          const std::uint64_t pixel = y * layout_.columns + x;
          const std::uint64_t sample = layout_.planar ? c * layout_.pixels() + pixel : pixel * layout_.samples + c;
          std::memcpy(all_.data() + frame * frame_bytes_ + sample * size, &colour.at(c), size);
        }
      }
    }
  }

  const Object& object_;
  FrameReader reader_;
  std::string_view name_;
  Layout layout_;
  std::uint64_t frame_bytes_ = 0;
  double darkest_ = 0;  ///< of signed and floating grey
  std::vector<std::byte> all_;
};

void put_layout(const Layout& layout, std::map<Tag, std::string>& values) {
  values[kSmallest] = values[kLargest] = {};  // may be those of the writing
  const bool ybr = layout.photometric == "YBR_FULL_422";
  values[tags::kPhotometric] = ybr ? "YBR_FULL" : layout.photometric;
  if (layout.samples == 3) values[tags::kPlanarConfiguration] = word_bytes(layout.planar ? 1 : 0);
  if (layout.floating) return;
  values[tags::kBitsAllocated] = word_bytes(layout.allocated);
  values[tags::kBitsStored] = word_bytes(layout.stored);
  values[tags::kHighBit] = word_bytes(layout.high_bit);
}

}  // namespace

MaskedPixels masked_pixels(Bytes file, const Item& data, const std::vector<Box>& boxes, std::uint64_t max_pixels,
                           std::string_view name) {
  MaskedPixels out;
  const Element& pixels = *find_pixels(data);
  if (pixels.missing > 0) {
    out.refused = "pixels that are cut";
    return out;
  }
  // With all attributes by which frames are found.
  const Object object = load_object(file, max_pixels, name);
  Frames frames(object, max_pixels, name);
  out.refused = frames.read();
  if (out.refused.empty() && !frames.mask(boxes)) out.refused = "colours without a black";
  if (!out.refused.empty()) return out;
  std::vector<std::byte> bytes = frames.take();
  const std::size_t size = bytes.size();
  put_layout(frames.layout(), out.values);
  put_loss(object, size, pixels.value.size(), out.values);
  if (size % 2 != 0) out.tail += '\0';
  put_head(out.head, pixels.tag, native_vr(pixels.tag, frames.layout().allocated),
           static_cast<std::uint32_t>(size + size % 2));
  out.bytes = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return out;
}

}  // namespace mi2::dicom::results
