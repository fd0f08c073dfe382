#include "image/tiff_layout.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::image {
namespace {

enum Photometric : std::uint16_t { kMinIsWhite, kMinIsBlack, kRgbColour, kIndexed, kMask, kSeparated, kYcbcr };
enum Format : std::uint16_t { kUnsigned = 1, kSigned, kFloat };

constexpr std::uint16_t kJpeg = 7;
constexpr std::uint16_t kContiguous = 1;
constexpr std::uint16_t kAssociatedAlpha = 1;
constexpr std::uint16_t kUnassociatedAlpha = 2;
constexpr std::uint16_t kCorelAlpha = 999;  // Corel Draw 10 writes this for alpha

constexpr std::array<float, 6> kFullYcbcr = {0, 255, 128, 255, 128, 255};

[[noreturn]] void refuse(const TiffTags& tags, std::string_view name) {
  throw Error(Code::kUnsupported,
              fmt::format("{}: TIFF with photometric interpretation {}, {} x {} bits, sample format {}, "
                          "{} extra samples",
                          name, photometric_name(tags), tags.samples, tags.bits, tags.format, tags.extra.size()));
}

[[noreturn]] void refuse(std::string_view name, std::string_view what) {
  throw Error(Code::kUnsupported, fmt::format("{}: TIFF with {} is not read", name, what));
}

/// What libtiff's own converter takes a missing tag for. Bilevel fax is black on white.
std::uint16_t guess_photometric(const TiffTags& tags) {
  const bool fax = tags.compression >= 2 && tags.compression <= 4;
  if (tags.samples - tags.extra.size() >= 3) return kRgbColour;
  return fax ? kMinIsWhite : kMinIsBlack;
}

/// Extra samples that carry no meaning are skipped; anything else is not.
bool only_fillers_after(const TiffTags& tags, std::size_t first) {
  for (std::size_t i = first; i < tags.extra.size(); ++i) {
    if (tags.extra[i] != 0) return false;
  }
  return tags.extra.size() <= 3;
}

void warn_of_fillers(std::size_t count, Warnings& warnings) {
  if (count == 0) return;
  add_warning(warnings,
              fmt::format("extra_samples: {} of a pixel's samples have no meaning that the file says", count));
}

Depth deep_grey(const TiffTags& tags, std::string_view name) {
  const int bits = tags.bits;
  if (bits == 64 && tags.format <= kFloat) return Depth::kFloat64;
  if (tags.format == kUnsigned && bits <= 16) return Depth::kUnsigned16;
  if (tags.format == kUnsigned && bits <= 32) return Depth::kUnsigned32;
  // A shade of signed samples depends on the range they have, whatever their bits.
  if (tags.format == kSigned && bits >= 2 && bits <= 32) return Depth::kSigned32;
  if (tags.format == kFloat && (bits == 16 || bits == 32)) return Depth::kFloat32;
  refuse(tags, name);
}

TiffLayout grey(const TiffTags& tags, std::uint16_t photometric, Warnings& warnings, std::string_view name) {
  TiffLayout layout;
  layout.inverted = photometric == kMinIsWhite;
  if (tags.samples == 2) {
    if (tags.bits != 8 || tags.format != kUnsigned || layout.inverted || tags.extra.size() != 1) refuse(tags, name);
    if (tags.extra[0] == kAssociatedAlpha) refuse(tags, name);
    layout.mode = tags.extra[0] == kUnassociatedAlpha ? Mode::kGreyAlpha : Mode::kGrey;
    if (layout.mode == Mode::kGrey) warn_of_fillers(1, warnings);
    return layout;
  }
  if (tags.samples != 1 || !tags.extra.empty()) refuse(tags, name);
  if (tags.format == kUnsigned && tags.bits >= 1 && tags.bits <= 8) {
    layout.mode = tags.bits == 1 ? Mode::kBilevel : Mode::kGrey;
  } else {
    layout.depth = deep_grey(tags, name);
  }
  return layout;
}

TiffLayout rgb(const TiffTags& tags, Warnings& warnings, std::string_view name) {
  if (tags.format != kUnsigned || tags.bits < 1 || tags.bits > 16 || tags.samples < 3) refuse(tags, name);
  constexpr std::array<float, 6> kFullRgb = {0, 255, 0, 255, 0, 255};
  if (tags.black_white && *tags.black_white != kFullRgb && *tags.black_white != kFullYcbcr) {
    add_warning(warnings, "tag_ignored: ReferenceBlackWhite over RGB");
  }
  TiffLayout layout;
  layout.mode = Mode::kRgb;
  if (tags.samples == 4 && tags.extra.empty()) {
    layout.mode = Mode::kRgba;  // as Pillow takes a missing ExtraSamples tag
    return layout;
  }
  if (tags.extra.size() + 3 != tags.samples || !only_fillers_after(tags, 1)) refuse(tags, name);
  const std::uint16_t first = tags.extra.empty() ? 0 : tags.extra[0];
  layout.premultiplied = first == kAssociatedAlpha;
  if (first == kAssociatedAlpha || first == kUnassociatedAlpha || first == kCorelAlpha) layout.mode = Mode::kRgba;
  warn_of_fillers(tags.extra.size() - (layout.mode == Mode::kRgba ? 1 : 0), warnings);
  return layout;
}

TiffLayout palette(const TiffTags& tags, Warnings& warnings, std::string_view name) {
  const bool filler = tags.samples == 2 && tags.bits == 8 && tags.extra.size() == 1 && tags.extra[0] == 0;
  if (tags.format != kUnsigned || tags.bits < 1 || tags.bits > 16 || (tags.samples != 1 && !filler)) refuse(tags, name);
  if (filler) warn_of_fillers(1, warnings);
  TiffLayout layout;
  layout.mode = Mode::kPalette;
  if (tags.bits > 8) {
    layout.mode = Mode::kRgb;
    layout.depth = Depth::kUnsigned16;
    layout.wide_palette = true;
  }
  return layout;
}

TiffLayout separated(const TiffTags& tags, Warnings& warnings, std::string_view name) {
  if (tags.ink_set != 1 || tags.inks != 4) refuse(name, fmt::format("inks other than CMYK ({} inks)", tags.inks));
  const bool known = tags.bits == 8 || (tags.bits == 16 && tags.samples == 4);
  if (tags.format != kUnsigned || !known || tags.samples < 4 || tags.extra.size() + 4 != tags.samples ||
      !only_fillers_after(tags, 0)) {
    refuse(tags, name);
  }
  const std::array<std::uint16_t, 2> whole = {0, static_cast<std::uint16_t>((1U << tags.bits) - 1)};
  if (tags.dots_given && tags.dots != whole) {
    refuse(name, fmt::format("a DotRange of {} to {}", tags.dots[0], tags.dots[1]));
  }
  warn_of_fillers(tags.extra.size(), warnings);
  TiffLayout layout;
  layout.mode = Mode::kCmyk;
  return layout;
}

TiffLayout ycbcr(const TiffTags& tags, Warnings& warnings, std::string_view name) {
  TiffLayout layout;
  if (tags.bits != 8 || tags.format != kUnsigned) refuse(tags, name);
  if (tags.samples == 1) return layout;
  if (tags.samples != 3 || !tags.extra.empty()) refuse(tags, name);
  layout.mode = Mode::kRgb;
  if (tags.compression != kJpeg) {
    layout.depth = Depth::kWholeRgb;
    return layout;
  }
  if (tags.planar != kContiguous) refuse(name, "YCbCr planes of JPEG");
  layout.ycbcr = true;
  const bool usual = tags.luma == TiffTags{}.luma && (!tags.black_white || *tags.black_white == kFullYcbcr);
  if (!usual) add_warning(warnings, "tag_ignored: YCbCrCoefficients or ReferenceBlackWhite over a JPEG stream");
  return layout;
}

}  // namespace

std::string photometric_name(const TiffTags& tags) {
  struct Name {
    std::uint16_t value;
    const char* name;
  };
  constexpr std::array kNames = {Name{0, "WhiteIsZero"},
                                 Name{1, "BlackIsZero"},
                                 Name{2, "RGB"},
                                 Name{3, "palette"},
                                 Name{4, "transparency mask"},
                                 Name{5, "separated"},
                                 Name{6, "YCbCr"},
                                 Name{8, "CIELab"},
                                 Name{9, "ICCLab"},
                                 Name{10, "ITULab"},
                                 Name{32803, "colour filter array of a camera"},
                                 Name{32844, "LogL"},
                                 Name{32845, "LogLuv"},
                                 Name{34892, "linear raw of a camera"},
                                 Name{51177, "depth map"}};
  if (!tags.photometric) return "none";
  const auto* found =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& known) { return known.value == *tags.photometric; });
  return fmt::format("{} ({})", found == kNames.end() ? "unknown" : found->name, *tags.photometric);
}

TiffLayout tiff_layout(const TiffTags& tags, Warnings& warnings, std::string_view name) {
  if (tags.raw) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: raw data of a camera (DNG or a relative); develop it first", name));
  }
  if (tags.depth > 1) refuse(name, fmt::format("{} slices in a page (ImageDepth)", tags.depth));
  const std::uint16_t photometric = tags.photometric ? *tags.photometric : guess_photometric(tags);
  if (!tags.photometric) {
    add_warning(warnings, "photometric: TIFF without PhotometricInterpretation, which is guessed");
  }
  if (tags.indexed && photometric != kIndexed) refuse(name, "Indexed samples of " + photometric_name(tags));
  if (tags.transfer) add_warning(warnings, "tag_ignored: TransferFunction or GrayResponseCurve");
  switch (photometric) {
    case kMinIsWhite:
    case kMinIsBlack:
      return grey(tags, photometric, warnings, name);
    case kRgbColour:
      return rgb(tags, warnings, name);
    case kIndexed:
      return palette(tags, warnings, name);
    case kSeparated:
      return separated(tags, warnings, name);
    case kYcbcr:
      return ycbcr(tags, warnings, name);
    default:
      refuse(tags, name);
  }
}

}  // namespace mi2::image
