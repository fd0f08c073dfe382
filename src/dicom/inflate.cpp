#include "dicom/inflate.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "dicom/attributes.hpp"

namespace mi2::dicom {
namespace {

constexpr std::uint64_t kMaxAttributes = 64U << 20U;

/// A raw deflate stream (PS3.5 annex A.5).
class Inflater {
 public:
  Inflater(Bytes deflated, std::string_view name) : deflated_(deflated), name_(name) {
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw Error(Code::kInternal, fmt::format("{}: zlib failed", name));
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  /// Grows `out` to `size` bytes, or to all that there are. @returns whether there are no more.
  bool grow(std::vector<std::byte>& out, std::uint64_t size) {
    while (!ended_ && out.size() < size) {
      if (stream_.avail_in == 0) refill();
      const std::size_t before = out.size();
      const std::size_t room = std::min<std::uint64_t>(size - before, kStep);
      out.resize(before + room);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = static_cast<uInt>(room);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      out.resize(before + room - stream_.avail_out);
      ended_ = status == Z_STREAM_END;
      if (status != Z_OK && !ended_) {
        throw Error(Code::kBadFile,
                    fmt::format("{}: the deflated dataset is broken after {} bytes", name_, out.size()));
      }
    }
    return ended_;
  }

 private:
  static constexpr std::size_t kStep = 1U << 20U;

  void refill() {
    const std::size_t step = std::min<std::size_t>(deflated_.size() - at_, 1U << 30U);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(deflated_.data() + at_));
    stream_.avail_in = static_cast<uInt>(step);
    at_ += step;
  }

  z_stream stream_{};
  Bytes deflated_;
  std::string_view name_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

/// What the pixels of all frames are, by their attributes; nothing if those say no size.
struct AllFrames {
  std::uint64_t pixels = 0;
  std::uint64_t bytes = 0;
};

AllFrames all_frames(const Item& data, std::uint64_t max_pixels, std::string_view name) {
  const auto value = [&](Tag tag, double least, double most) {
    return static_cast<std::uint64_t>(std::clamp(number(data, tag).value_or(1), least, most));
  };
  std::uint64_t pixels = base::checked_mul(value(tags::kRows, 0, 65535), value(tags::kColumns, 0, 65535), name);
  pixels = base::checked_mul(pixels, value(tags::kNumberOfFrames, 1, 2147483647), name);
  if (pixels > max_pixels) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: expected at most {} pixels in all frames of a deflated object, got {}", name,
                            max_pixels, pixels));
  }
  const std::uint64_t bits = value(tags::kBitsAllocated, 1, 64) * value(tags::kSamplesPerPixel, 1, 3);
  return {pixels, (pixels * bits + 7) / 8};
}

const Element* find_pixels(const Item& data) noexcept {
  for (const Tag tag : {tags::kPixelData, tags::kFloatPixels, tags::kDoublePixels}) {
    if (const Element* pixels = data.find(tag)) return pixels;
  }
  return nullptr;
}

/// Inflates until the pixels have begun. @returns what is known then; nothing if the stream has none.
std::optional<Item> inflate_to_pixels(Inflater& inflater, std::vector<std::byte>& out, Encoding encoding,
                                      std::string_view name) {
  // Step by step: most attributes are a few thousand bytes, and each step looks at all of them.
  for (std::uint64_t size = 1U << 20U;; size *= 8) {
    if (inflater.grow(out, std::min(size, kMaxAttributes))) return std::nullopt;
    Item so_far = parse(out, encoding, name, false).item;
    if (find_pixels(so_far) != nullptr) return so_far;
    if (size >= kMaxAttributes) {
      throw Error(Code::kTooLarge, fmt::format("{}: expected at most {} bytes before the pixels of a deflated object",
                                               name, kMaxAttributes));
    }
  }
}

}  // namespace

std::vector<std::byte> inflate_header(Bytes deflated, Encoding encoding, std::string_view name) {
  Inflater inflater(deflated, name);
  std::vector<std::byte> out;
  static_cast<void>(inflate_to_pixels(inflater, out, encoding, name));
  return out;
}

std::vector<std::byte> inflate_dataset(Bytes deflated, Encoding encoding, std::uint64_t max_pixels,
                                       const std::function<void(std::uint64_t pixels)>& claim, std::string_view name) {
  Inflater inflater(deflated, name);
  std::vector<std::byte> out;
  const std::optional<Item> so_far = inflate_to_pixels(inflater, out, encoding, name);
  const Element* const pixels = so_far ? find_pixels(*so_far) : nullptr;
  if (pixels == nullptr || pixels->missing == 0) return out;
  const auto start = static_cast<std::uint64_t>(pixels->value.data() - out.data());
  const std::uint64_t stated = pixels->value.size() + pixels->missing;
  const AllFrames said = all_frames(*so_far, max_pixels, name);
  if (claim) claim(said.pixels);
  const std::uint64_t end = start + std::min(stated, said.bytes);
  if (end > out.size()) out.reserve(end);
  inflater.grow(out, end);
  return out;
}

}  // namespace mi2::dicom
