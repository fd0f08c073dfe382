// A DICOM object as an image source.

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicom/dicom.hpp"
#include "dicom/display.hpp"
#include "dicom/fingerprint.hpp"
#include "dicom/object_source.hpp"

namespace mi2::dicom {
namespace {

/// What the samples of a pixel must be for the photometric interpretation.
void check_samples(const Layout& layout, std::string_view name) {
  const std::string& photometric = layout.photometric;
  const bool grey = photometric == "MONOCHROME1" || photometric == "MONOCHROME2";
  const bool one = grey || photometric == "PALETTE COLOR";
  const bool three = photometric == "RGB" || photometric == "YBR_FULL" || photometric == "YBR_FULL_422" ||
                     photometric == "YBR_ICT" || photometric == "YBR_RCT";
  if (!one && !three) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: photometric interpretation '{}' is not read", name, printable(photometric)));
  }
  if (layout.samples != (one ? 1U : 3U)) {
    throw Error(Code::kBadFile, fmt::format("{}: {} with {} samples per pixel, {} needed", name, photometric,
                                            layout.samples, one ? 1 : 3));
  }
  if (layout.floating && !grey) {
    throw Error(Code::kUnsupported, fmt::format("{}: floating point {} is not read", name, photometric));
  }
}

/// Parsed once and only read from then on.
class ObjectSource final : public image::Source {
 public:
  ObjectSource(Object object, const Options& options, std::string_view name)
      : object_(std::move(object)), options_(options), name_(name), reader_(object_, options.max_pixels, name) {}

  [[nodiscard]] std::uint64_t frames() const override { return reader_.frames(); }
  [[nodiscard]] std::uint64_t middle() const override { return reader_.frames() / 2; }

  void check() const override { reader_.check(name_); }

  [[nodiscard]] bool takes_hounsfield() const override {
    return is_ct(object_.data) && text(object_.data, tags::kPhotometric).starts_with("MONOCHROME");
  }

  [[nodiscard]] image::FrameInfo info(std::uint64_t index) const override {
    image::check_frame(index, reader_.frames(), name_);
    const Item& data = object_.data;
    image::FrameInfo info;
    info.index = index;
    info.frames = reader_.frames();
    info.study_uid = text(data, tags::kStudy);
    info.series_uid = text(data, tags::kSeries);
    info.instance_uid = text(data, tags::kSopInstance);
    if (const auto number_of = number(data, tags::kInstanceNumber)) {
      info.instance_number = static_cast<std::int64_t>(std::clamp(*number_of, -2147483648.0, 2147483647.0));
    }
    const auto of_frame = [&](Tag sequence) -> const Item& {
      const Item* group = functional_group(data, index, sequence);
      return group != nullptr ? *group : data;
    };
    info.position = numbers<3>(of_frame(tags::kPlanePosition), tags::kPosition);
    info.orientation = numbers<6>(of_frame(tags::kPlaneOrientation), tags::kOrientation);
    info.spacing = numbers<2>(of_frame(tags::kPixelMeasures), tags::kSpacing);
    const Item& voi = of_frame(tags::kFrameVoi);
    const auto center = number(voi, tags::kWindowCenter);
    const auto width = number(voi, tags::kWindowWidth);
    if (center && width) info.window = {*center, *width};
    return info;
  }

  void each_block(std::uint64_t index, const image::UseBlock& use) const override {
    image::check_frame(index, reader_.frames(), name_);
    image::Warnings told_when_read;
    const Frame frame = reader_.read(index, name_, told_when_read);
    check_samples(frame.layout, name_);
    if (is_grey(frame)) visit_grey(object_, frame, options_, name_, use);
  }

  [[nodiscard]] image::Image read(std::uint64_t index) const override {
    image::check_frame(index, reader_.frames(), name_);
    if (options_.claim) options_.claim(reader_.pixels());
    image::Image picture;
    picture.warnings = object_.warnings;
    const Frame frame = reader_.read(index, name_, picture.warnings);
    check_samples(frame.layout, name_);
    picture.width = static_cast<int>(frame.layout.columns);
    picture.height = static_cast<int>(frame.layout.rows);
    const bool grey = is_grey(frame);
    if (grey && options_.fingerprint) picture.stored = stored_pixels(frame);
    picture.mode = grey ? image::Mode::kGrey : image::Mode::kRgb;
    picture.samples = grey ? render_grey(object_, frame, shared_options(), name_, picture.warnings)
                           : render_colour(object_, frame, name_, picture.warnings);
    return picture;
  }

 private:
  static bool is_grey(const Frame& frame) { return frame.layout.photometric.starts_with("MONOCHROME"); }

  /// With the grey levels of all frames, if those are asked for.
  [[nodiscard]] const Options& shared_options() const {
    if (options_.fallback.scope != Intensity::Scope::kSeries || reader_.frames() == 1) return options_;
    std::call_once(shared_once_, [this] {
      shared_ = options_;
      const Intensity fixed = image::fixed_intensity(
          [this](const image::UseBlock& use) {
            for (std::uint64_t i = 0; i < reader_.frames(); ++i) each_block(i, use);
          },
          options_.fallback);
      shared_.fallback = {fixed, options_.fallback.truncate};
    });
    return shared_;
  }

  Object object_;
  Options options_;
  std::string name_;
  FrameReader reader_;
  mutable std::once_flag shared_once_;
  mutable Options shared_;
};

}  // namespace

std::unique_ptr<image::Source> source_of(Object object, const Options& options, std::string_view name) {
  return std::make_unique<ObjectSource>(std::move(object), options, name);
}

std::unique_ptr<image::Source> open(std::span<const std::byte> bytes, const Options& options, std::string_view name) {
  return source_of(load_object(bytes, options.max_pixels, name, find_attribute, options.claim), options, name);
}

}  // namespace mi2::dicom
