// A DICOM object as an image source.

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <string>
#include <utility>

#include <dcmtk/ofstd/ofstd.h>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "dicom/dicom.hpp"
#include "dicom/display.hpp"

namespace mi2::dicom {
namespace {

/// What the samples of a pixel must be for the photometric interpretation.
void check_samples(const Layout& layout, std::string_view name) {
  const std::string& photometric = layout.photometric;
  const bool grey = photometric == "MONOCHROME1" || photometric == "MONOCHROME2";
  const bool one = grey || photometric == "PALETTE COLOR";
  const bool three = photometric == "RGB" || photometric == "YBR_FULL" || photometric == "YBR_FULL_422";
  if (!one && !three) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: photometric interpretation '{}' is not read", name, printable(photometric)));
  }
  if (layout.samples != (one ? 1U : 3U)) {
    throw Error(Code::kBadFile, fmt::format("{}: {} with {} samples a pixel, {} needed", name, photometric,
                                            layout.samples, one ? 1 : 3));
  }
  if (layout.floating && !grey) {
    throw Error(Code::kUnsupported, fmt::format("{}: floating point {} is not read", name, photometric));
  }
}

template <std::size_t kCount>
std::optional<std::array<double, kCount>> numbers(DcmItem* item, const DcmTagKey& key) {
  std::array<double, kCount> values{};
  for (std::size_t i = 0; i < kCount; ++i) {
    OFString one;
    if (item == nullptr || item->findAndGetOFString(key, one, static_cast<unsigned long>(i)).bad()) return std::nullopt;
    bool good = false;
    values[i] = OFStandard::atof(one.c_str(), &good);
    if (!good || !std::isfinite(values[i])) return std::nullopt;
  }
  return values;
}

/// DCMTK's elements read themselves when they are asked, so one caller at a time.
class ObjectSource final : public image::Source {
 public:
  ObjectSource(Object object, const Options& options, std::string_view name)
      : object_(std::move(object)), options_(options), name_(name), reader_(object_, options.max_pixels, name) {}

  [[nodiscard]] std::uint64_t frames() const override { return reader_.frames(); }
  [[nodiscard]] std::uint64_t middle() const override { return reader_.frames() / 2; }

  void check() const override {
    const std::lock_guard lock(mutex_);
    reader_.check(name_);
  }

  [[nodiscard]] image::FrameInfo info(std::uint64_t index) const override {
    image::check_frame(index, reader_.frames(), name_);
    const std::lock_guard lock(mutex_);
    DcmDataset& data = *object_.data;
    image::FrameInfo info;
    info.index = index;
    info.frames = reader_.frames();
    info.study_uid = text(data, DCM_StudyInstanceUID);
    info.series_uid = text(data, DCM_SeriesInstanceUID);
    info.instance_uid = text(data, DCM_SOPInstanceUID);
    if (const auto number_of = numbers<1>(&data, DCM_InstanceNumber)) {
      info.instance_number = static_cast<std::int64_t>(std::clamp(number_of->front(), -2147483648.0, 2147483647.0));
    }
    const auto of_frame = [&](const DcmTagKey& sequence) -> DcmItem* {
      DcmItem* group = functional_group(data, index, sequence);
      return group != nullptr ? group : &data;
    };
    info.position = numbers<3>(of_frame(DCM_PlanePositionSequence), DCM_ImagePositionPatient);
    info.spacing = numbers<2>(of_frame(DCM_PixelMeasuresSequence), DCM_PixelSpacing);
    DcmItem* voi = of_frame(DCM_FrameVOILUTSequence);
    const auto center = numbers<1>(voi, DCM_WindowCenter);
    const auto width = numbers<1>(voi, DCM_WindowWidth);
    if (center && width) info.window = {center->front(), width->front()};
    return info;
  }

  [[nodiscard]] image::Image read(std::uint64_t index) const override {
    image::check_frame(index, reader_.frames(), name_);
    const std::lock_guard lock(mutex_);
    const Frame frame = reader_.read(index, name_);
    check_samples(frame.layout, name_);
    image::Image picture;
    picture.width = static_cast<int>(frame.layout.columns);
    picture.height = static_cast<int>(frame.layout.rows);
    const bool grey = frame.layout.photometric.starts_with("MONOCHROME");
    picture.mode = grey ? image::Mode::kGrey : image::Mode::kRgb;
    picture.samples = grey ? render_grey(object_, frame, options_) : render_colour(object_, frame, name_);
    return picture;
  }

 private:
  mutable std::mutex mutex_;
  mutable Object object_;
  Options options_;
  std::string name_;
  mutable FrameReader reader_;
};

}  // namespace

std::unique_ptr<image::Source> open(std::span<const std::byte> bytes, const Options& options, std::string_view name) {
  // Room for a frame of the largest depth beside the other attributes.
  constexpr std::uint64_t kOtherBytes = 64U << 20U;
  const std::uint64_t max_inflated =
      base::checked_add(base::checked_mul(options.max_pixels, 12, name), kOtherBytes, name);
  return std::make_unique<ObjectSource>(load_object(bytes, max_inflated, name), options, name);
}

}  // namespace mi2::dicom
