#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include <mi2/error.hpp>

#include "dicom/display.hpp"
#include "dicom/levels.hpp"
#include "dicom/lookup_table.hpp"
#include "dicom/ramp.hpp"
#include "dicom/window.hpp"
#include "image/intensity.hpp"
#include "image/window.hpp"

namespace mi2::dicom {
namespace {

/// Everything between a stored value and a shade.
struct Transform {
  std::optional<LookupTable> modality;
  double slope = 1;
  double intercept = 0;
  std::optional<AppliedWindow> window;
  std::optional<LookupTable> voi;

  [[nodiscard]] double modality_value(double stored) const noexcept {
    return modality ? static_cast<double>(modality->at(stored)) : stored * slope + intercept;
  }
};

/// A rescale attribute of the frame's group, else of the dataset.
double rescale(const Item* group, const Item& data, Tag tag, double otherwise, std::string_view name) {
  const Item& source = group != nullptr && present(*group, tag) ? *group : data;
  if (!present(source, tag)) return otherwise;
  const std::optional<double> value = number(source, tag);
  if (value) return *value;
  throw Error(Code::kBadFile, fmt::format("{}: {} is not a number", name,
                                          tag == tags::kRescaleSlope ? "RescaleSlope" : "RescaleIntercept"));
}

void read_modality(const Item& data, const Frame& frame, std::string_view name, Transform& out) {
  if (const Item* item = data.item(tags::kModalityLut, 0)) {
    out.modality = read_table(*item, tags::kLutDescriptor, tags::kLutData, frame.layout.is_signed);
    if (out.modality) return;
    if (present(*item, tags::kLutDescriptor) || present(*item, tags::kLutData)) {
      throw Error(Code::kBadFile, fmt::format("{}: the modality LUT's data are not as long as "
                                              "its descriptor says",
                                              name));
    }
  }
  const Item* group = functional_group(data, frame.index, tags::kPixelTransformation);
  out.slope = rescale(group, data, tags::kRescaleSlope, 1, name);
  out.intercept = rescale(group, data, tags::kRescaleIntercept, 0, name);
  if (out.slope == 0) {
    throw Error(Code::kBadFile, fmt::format("{}: RescaleSlope is 0, so that all pixels have one value", name));
  }
}

/// The window of an item, else its table.
void read_voi_of(const Item& item, const Frame& frame, Transform& out, image::Warnings& warnings) {
  out.window = read_window(item, warnings);
  const Item* table = item.item(tags::kVoiLut, 0);
  if (out.window || table == nullptr) return;
  const bool is_signed = !out.modality && (frame.layout.is_signed || out.intercept < 0);
  out.voi = read_table(*table, tags::kLutDescriptor, tags::kLutData, is_signed);
  if (!out.voi) {
    image::add_warning(warnings,
                       "voi_ignored: the VOI LUT's data are not as "
                       "long as its descriptor says");
    return;
  }
  const unsigned bits = real_bits({&*out.voi, 1});
  if (bits == out.voi->bits) return;
  image::add_warning(warnings, fmt::format("lut_bits: entries of the VOI LUT take {} "
                                           "bits, its descriptor says {}",
                                           bits, out.voi->bits));
  out.voi->bits = bits;
}

void read_voi(const Item& data, const Frame& frame, const Options& options, Transform& out, image::Warnings& warnings) {
  const bool suits = options.window && (!options.window->hounsfield || is_ct(data));
  if (suits) {
    out.window = AppliedWindow{*options.window};
    return;
  }
  if (options.window) image::add_warning(warnings, "not_ct: a window for CT, of an object that is none; passed over");
  if (options.ignore_voi) return;
  const Item* group = functional_group(data, frame.index, tags::kFrameVoi);
  if (group != nullptr) read_voi_of(*group, frame, out, warnings);
  if (!out.window && !out.voi) read_voi_of(data, frame, out, warnings);
}

/// Whether more than half of the pixels have the value that stands for none.
bool padding_dominates(const Item& data, const Frame& frame) {
  const auto padding = [&](Tag tag) {
    std::optional<double> value = number(data, tag);
    if (value && frame.layout.is_signed && *value > 32767) *value -= 65536;
    return value;
  };
  const std::optional<double> first = padding(tags::kPaddingValue);
  if (!first || frame.layout.floating) return false;
  const double last = padding(tags::kPaddingLimit).value_or(*first);
  const auto [low, high] = std::minmax(*first, last);
  const std::size_t count = frame.layout.pixels();
  std::size_t padded = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = frame.value(i);
    padded += value >= low && value <= high ? 1 : 0;
  }
  return padded > count / 2;
}

/// The modality values of a frame: one per level, or one per sample.
std::vector<float> values_of(const Frame& frame, const Transform& transform, const std::optional<Levels>& levels) {
  std::vector<float> values(levels ? levels->count() : frame.layout.pixels());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(transform.modality_value(levels ? levels->value(i) : frame.value(i)));
  }
  return values;
}

/// By the values of the image itself.
std::vector<std::uint8_t> by_intensity(const Item& data, const Frame& frame, const Transform& transform,
                                       const image::GreyRule& intensity, image::Warnings& warnings) {
  if (padding_dominates(data, frame)) {
    image::add_warning(warnings,
                       "padding_dominates: most pixels have "
                       "PixelPaddingValue, by which grey levels are "
                       "chosen too; a window is better");
  }
  const std::optional<Levels> levels = Levels::of(frame);
  const std::vector<float> values = values_of(frame, transform, levels);
  image::Range range = levels ? image::intensity_range(values, levels->occurrences(), intensity)
                              : image::intensity_range(values, intensity);
  // What is inverted later is cut on the other side.
  if (intensity.truncate && frame.layout.photometric == "MONOCHROME1") range.half = 1 - 1e-9;
  image::warn_of_range(values, range, warnings);
  std::vector<std::uint8_t> shades = image::to_8bit(values, range);
  return levels ? levels->shaded(shades) : shades;
}

/// What 8 bits hold needs no choice of grey levels: all that can be stored, as
/// in a PNG of the same bytes.
bool shown_as_stored(const Frame& frame, const Transform& transform, const Intensity& intensity) noexcept {
  return intensity.kind == Intensity::Kind::kAuto && frame.layout.stored <= 8 && !frame.layout.is_signed &&
         !frame.layout.floating && !transform.modality;
}

/// The shade of one stored value, where that is a matter of the value alone.
class Shade {
 public:
  Shade(const Transform& transform, const Layout& layout, bool as_stored)
      : transform_(transform),
        as_stored_(as_stored),
        highest_(as_stored ? static_cast<double>((1U << layout.stored) - 1)
                           : static_cast<double>((1U << (transform.voi ? transform.voi->bits : 1)) - 1)) {}

  /// What it is of, before it is cut at black and white and rounded down, where that is a straight line.
  [[nodiscard]] std::optional<Ramp::Line> line() const noexcept {
    constexpr double kWhite = 255;
    constexpr double kHalf = 0.5;
    if (as_stored_) {
      const double rise = kWhite / highest_;
      return transform_.slope < 0 ? Ramp::Line{-rise, 0, kWhite + kHalf} : Ramp::Line{rise, 0, kHalf};
    }
    if (!transform_.window || transform_.modality) return std::nullopt;
    const auto [window, function] = *transform_.window;
    if (function == WindowFunction::kSigmoid) return std::nullopt;
    const double below = function == WindowFunction::kLinear ? 1 : 0;  // what PS3.3 C.11.2.1.2 takes off the width
    const double centre = (window.center - below / 2 - transform_.intercept) / transform_.slope;
    return Ramp::Line{kWhite * transform_.slope / (window.width - below), centre, kWhite / 2 + kHalf};
  }

  std::uint8_t operator()(double stored) const noexcept {
    if (as_stored_) {
      const double y = stored / highest_;
      return image::shade(transform_.slope < 0 ? 1 - y : y);
    }
    const double x = transform_.modality_value(stored);
    return image::shade(transform_.window ? (*transform_.window)(x)
                                          : static_cast<double>(transform_.voi->at(x)) / highest_);
  }

 private:
  const Transform& transform_;
  bool as_stored_;
  double highest_;
};

std::vector<std::uint8_t> apply(const Frame& frame, const Shade& shade_of) {
  constexpr std::uint64_t kWorthARamp = 1 << 14;
  const std::optional<Ramp::Line> line = shade_of.line();
  if (line && frame.layout.pixels() >= kWorthARamp) {
    if (const std::optional<Ramp> ramp = Ramp::of(frame.layout, *line, std::cref(shade_of)))
      return shaded(frame, *ramp);
  }
  const std::optional<Levels> levels = Levels::of(frame);
  std::vector<std::uint8_t> shades(levels ? levels->count() : frame.layout.pixels());
  for (std::size_t i = 0; i < shades.size(); ++i) shades[i] = shade_of(levels ? levels->value(i) : frame.value(i));
  return levels ? levels->shaded(shades) : shades;
}

}  // namespace

bool is_ct(const Item& data) { return text(data, tags::kModality) == "CT"; }

void visit_grey(const Object& object, const Frame& frame, const Options& options, std::string_view name,
                const image::UseBlock& use) {
  image::Warnings told_when_read;
  Transform transform;
  read_modality(object.data, frame, name, transform);
  read_voi(object.data, frame, options, transform, told_when_read);
  if (transform.window || transform.voi || shown_as_stored(frame, transform, options.fallback)) return;
  const std::optional<Levels> levels = Levels::of(frame);
  const std::vector<float> values = values_of(frame, transform, levels);
  use(values, levels ? levels->occurrences() : std::vector<std::uint64_t>{});
}

std::vector<std::uint8_t> render_grey(const Object& object, const Frame& frame, const Options& options,
                                      std::string_view name, image::Warnings& warnings) {
  Transform transform;
  read_modality(object.data, frame, name, transform);
  read_voi(object.data, frame, options, transform, warnings);
  const bool has_voi = transform.window || transform.voi;
  const bool as_stored = !has_voi && shown_as_stored(frame, transform, options.fallback);
  std::vector<std::uint8_t> out = has_voi || as_stored
                                      ? apply(frame, Shade(transform, frame.layout, as_stored))
                                      : by_intensity(object.data, frame, transform, options.fallback, warnings);
  if (frame.layout.photometric == "MONOCHROME1") {
    for (std::uint8_t& y : out) y = static_cast<std::uint8_t>(255 - y);
  }
  return out;
}

}  // namespace mi2::dicom
