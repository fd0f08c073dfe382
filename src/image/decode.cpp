#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/image.hpp"
#include "image/jpeg.hpp"
#include "image/png.hpp"
#include "image/readers.hpp"
#include "image/source.hpp"
#include "image/tiff.hpp"
#include "image/webp.hpp"

namespace mi2::image {
namespace {

using Opener = std::unique_ptr<Source> (*)(std::span<const std::byte>, const DecodeOptions&, std::string_view);

/// A format by its first bytes; '?' matches any.
struct Format {
  std::string_view signature;
  std::string_view name;
  Opener open;  ///< null: recognised only to be refused by name
};

/// A format of which one frame is read.
template <Image (*kDecode)(std::span<const std::byte>, const DecodeOptions&, std::string_view)>
class Single final : public Source {
 public:
  static std::unique_ptr<Source> open(std::span<const std::byte> bytes, const DecodeOptions& options,
                                      std::string_view name) {
    return std::make_unique<Single>(bytes, options, name);
  }
  Single(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name)
      : bytes_(bytes), options_(options), name_(name) {}

  [[nodiscard]] Image read(std::uint64_t index) const override {
    check_frame(index, 1, name_);
    return kDecode(bytes_, options_, name_);
  }

 private:
  std::span<const std::byte> bytes_;
  DecodeOptions options_;
  std::string name_;
};

using namespace std::string_view_literals;

constexpr std::array kFormats = {
    Format{"\x89PNG\r\n\x1a\n"sv, "PNG", Single<decode_png>::open},
    Format{"\xff\xd8\xff"sv, "JPEG", Single<decode_jpeg>::open},
    Format{"RIFF????WEBPVP8"sv, "WebP", Single<decode_webp>::open},
    Format{"II*\0"sv, "TIFF", open_tiff},
    Format{"MM\0*"sv, "TIFF", open_tiff},
    Format{"II+\0"sv, "BigTIFF", open_tiff},
    Format{"MM\0+"sv, "BigTIFF", open_tiff},
    Format{"GIF8"sv, "GIF", nullptr},
    Format{"BM"sv, "BMP", nullptr},
    Format{"\0\0\0\x0cjP  \r\n\x87\n"sv, "JPEG 2000", nullptr},
    Format{"\xff\x4f\xff\x51"sv, "JPEG 2000", nullptr},
    Format{"8BPS"sv, "Photoshop (PSD)", nullptr},
    Format{"\0\0\1\0"sv, "icon (ICO)", nullptr},
    Format{"P1"sv, "PNM", nullptr},
    Format{"P2"sv, "PNM", nullptr},
    Format{"P3"sv, "PNM", nullptr},
    Format{"P4"sv, "PNM", nullptr},
    Format{"P5"sv, "PNM", nullptr},
    Format{"P6"sv, "PNM", nullptr},
    Format{"P7"sv, "PAM", nullptr},
    Format{"GIMP Palette"sv, "GIMP palette", nullptr},
    Format{"????ftypavif"sv, "AVIF", nullptr},
    Format{"????ftyphe"sv, "HEIF", nullptr},
    Format{"\xff\x0a"sv, "JPEG XL", nullptr},
    Format{"\0\0\0\x0cJXL "sv, "JPEG XL", nullptr},
    Format{"qoif"sv, "QOI", nullptr},
    Format{"DDS "sv, "DDS", nullptr},
    Format{"%PDF"sv, "PDF", nullptr},
};

bool starts_with(std::span<const std::byte> bytes, std::string_view signature) noexcept {
  if (bytes.size() < signature.size()) return false;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (signature[i] != '?' && static_cast<char>(bytes[i]) != signature[i]) return false;
  }
  return true;
}

/// Null for a format that is not recognised.
const Format* format_of(std::span<const std::byte> bytes) noexcept {
  const auto* const found = std::find_if(kFormats.begin(), kFormats.end(),
                                         [&](const Format& format) { return starts_with(bytes, format.signature); });
  return found == kFormats.end() ? nullptr : found;
}

}  // namespace

void check_size(std::uint64_t width, std::uint64_t height, const DecodeOptions& options, std::string_view name) {
  constexpr std::uint64_t kMaxSide = 0x7FFFFFFF;
  if (width == 0 || height == 0) {
    throw Error(Code::kBadFile, fmt::format("{}: a picture of {} x {} pixels", name, width, height));
  }
  if (width > kMaxSide || height > kMaxSide || width * height > options.max_pixels) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: {} x {} pixels, the limit is {}", name, width, height, options.max_pixels));
  }
}

void check_plausible(std::uint64_t units, std::size_t bytes, std::uint64_t most, std::string_view name) {
  // Headers of a few dozen bytes count as data here: too little to matter.
  if (units / most <= bytes) return;
  throw Error(Code::kBadFile,
              fmt::format("{}: truncated or corrupt: {} bytes cannot hold such a picture", name, bytes));
}

std::string library_text(std::string_view text) {
  constexpr std::size_t kLongest = 100;
  constexpr std::size_t kDigits = 6;
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < kLongest;) {
    std::size_t digits = 0;
    while (i + digits < text.size() && text[i + digits] >= '0' && text[i + digits] <= '9') ++digits;
    if (digits > kDigits) {
      out += "(a large number)";
    } else if (digits > 0) {
      out += text.substr(i, digits);
    } else {
      out += text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    }
    i += std::max<std::size_t>(digits, 1);
  }
  return out;
}

void check_frame(std::uint64_t index, std::uint64_t frames, std::string_view name) {
  if (index < frames) return;
  throw Error(Code::kBadArgument, fmt::format("{}: expected a frame from 1 to {}, got {}", name, frames, index + 1));
}

FrameInfo Source::info(std::uint64_t index) const {
  FrameInfo info;
  info.index = index;
  info.frames = frames();
  return info;
}

bool looks_like_image(std::span<const std::byte> head) noexcept {
  const Format* format = format_of(head);
  return format != nullptr && format->open != nullptr;
}

std::unique_ptr<Source> open(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  if (bytes.empty()) throw Error(Code::kBadFile, fmt::format("{}: empty", name));
  const Format* format = format_of(bytes);
  if (format == nullptr) {
    throw Error(Code::kUnsupported, fmt::format("{}: not a PNG, JPEG, WebP or TIFF file", name));
  }
  if (format->open == nullptr) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: a {} file; PNG, JPEG, WebP and TIFF are read", name, format->name));
  }
  return format->open(bytes, options, name);
}

Image decode(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  const std::unique_ptr<Source> source = open(bytes, options, name);
  return source->read(source->middle());
}

}  // namespace mi2::image
