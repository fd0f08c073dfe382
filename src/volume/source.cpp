// A volume as an image source.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/checked.hpp"
#include "image/readers.hpp"
#include "volume/formats.hpp"
#include "volume/grey.hpp"
#include "volume/orientation.hpp"
#include "volume/volume.hpp"

#include <mi2/error.hpp>

namespace mi2::volume {
namespace {

/// A volume of one slice is looked at in that slice's plane.
Plane usual_plane(const Volume& volume, const Directions& directions) {
  const auto single = [&](std::size_t axis) { return volume.size.at(axis) == 1; };
  if (std::count(volume.size.begin(), volume.size.end(), 1U) != 1) return Plane::kAxial;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (single(axis) && directions.nearest.at(axis) == 0) return Plane::kSagittal;
    if (single(axis) && directions.nearest.at(axis) == 1) return Plane::kCoronal;
  }
  return Plane::kAxial;
}

class VolumeSource final : public image::Source {
 public:
  VolumeSource(Volume volume, const Options& options, std::string_view name)
      : volume_(std::move(volume)),
        name_(name),
        grey_(volume_, options),
        claim_(options.claim),
        fingerprint_(options.fingerprint) {
    const Directions directions = directions_of(volume_.step, name);
    slicing_ = slices_of(directions, options.plane.value_or(usual_plane(volume_, directions)));
    image::DecodeOptions limits;
    limits.max_pixels = options.max_pixels;
    image::check_size(size_of(slicing_.right), size_of(slicing_.down), limits, name);
  }

  [[nodiscard]] std::uint64_t frames() const override { return slices() * volume_.volumes; }
  [[nodiscard]] std::uint64_t middle() const override { return volume_.volumes / 2 * slices() + slices() / 2; }

  [[nodiscard]] bool takes_hounsfield() const override {
    if (is_colour(volume_.sample)) return false;
    for (std::uint64_t volume = 0; volume < volume_.volumes; ++volume) {
      if (grey_.below_zero(volume)) return true;
    }
    return false;
  }
  [[nodiscard]] image::FrameInfo info(std::uint64_t index) const override {
    image::check_frame(index, frames(), name_);
    image::FrameInfo info;
    info.index = index;
    info.frames = frames();
    Vector position = volume_.origin;
    const auto walk_to = [&](const Walk& walk, std::uint64_t steps) {
      const std::uint64_t voxel = walk.backwards ? size_of(walk) - 1 - steps : steps;
      for (std::size_t i = 0; i < 3; ++i)
        position.at(i) += static_cast<double>(voxel) * volume_.step.at(walk.axis).at(i);
    };
    walk_to(slicing_.next, index % slices());
    walk_to(slicing_.down, 0);
    walk_to(slicing_.right, 0);
    info.position = position;
    const auto spacing = [&](const Walk& walk) {
      const Vector& v = volume_.step.at(walk.axis);
      return std::hypot(v[0], v[1], v[2]);
    };
    info.spacing = {spacing(slicing_.down), spacing(slicing_.right)};
    return info;
  }

  [[nodiscard]] image::Image read(std::uint64_t index) const override {
    image::check_frame(index, frames(), name_);
    if (claim_) claim_(size_of(slicing_.right) * size_of(slicing_.down));
    image::Image slice;
    slice.warnings = volume_.warnings;
    slice.width = static_cast<int>(size_of(slicing_.right));
    slice.height = static_cast<int>(size_of(slicing_.down));
    const std::uint64_t volume = index / slices();
    const std::uint64_t first = volume * volume_.volume_stride + start_of(slicing_.next, index % slices());
    if (is_colour(volume_.sample)) {
      slice.mode = volume_.sample == Sample::kRgb ? image::Mode::kRgb : image::Mode::kRgba;
      slice.samples = colours(first);
      return slice;
    }
    const std::size_t width = size_of(slicing_.right);
    std::vector<float> values(width * size_of(slicing_.down));
    for (std::uint64_t y = 0; y < size_of(slicing_.down); ++y) {
      read_values(volume_, first + start_of(slicing_.down, y) + start_of(slicing_.right, 0), step_of(slicing_.right),
                  std::span(values).subspan(y * width, width));
    }
    if (fingerprint_) slice.stored = image::stored_grey<float>(values, width, size_of(slicing_.down));
    slice.samples = grey_(values, volume, slice.warnings);
    return slice;
  }

 private:
  [[nodiscard]] std::uint64_t size_of(const Walk& walk) const noexcept { return volume_.size.at(walk.axis); }
  [[nodiscard]] std::uint64_t slices() const noexcept { return size_of(slicing_.next); }
  /// Samples from the start of the axis to step `index` of the walk.
  [[nodiscard]] std::uint64_t start_of(const Walk& walk, std::uint64_t index) const noexcept {
    return (walk.backwards ? size_of(walk) - 1 - index : index) * volume_.stride.at(walk.axis);
  }
  [[nodiscard]] std::int64_t step_of(const Walk& walk) const noexcept {
    const auto step = static_cast<std::int64_t>(volume_.stride.at(walk.axis));
    return walk.backwards ? -step : step;
  }

  [[nodiscard]] std::vector<std::uint8_t> colours(std::uint64_t first) const {
    const std::size_t bytes = bytes_of(volume_.sample);
    std::vector<std::uint8_t> samples(size_of(slicing_.right) * size_of(slicing_.down) * bytes);
    std::uint8_t* out = samples.data();
    for (std::uint64_t y = 0; y < size_of(slicing_.down); ++y) {
      for (std::uint64_t x = 0; x < size_of(slicing_.right); ++x, out += bytes) {
        const std::uint64_t at = first + start_of(slicing_.down, y) + start_of(slicing_.right, x);
        std::memcpy(out, volume_.voxels.data() + at * bytes, bytes);
      }
    }
    return samples;
  }

  Volume volume_;
  std::string name_;
  Grey grey_;
  std::function<void(std::uint64_t pixels)> claim_;
  bool fingerprint_;
  Slicing slicing_;
};

}  // namespace

std::unique_ptr<image::Source> open(std::span<const std::byte> bytes, const Options& options, std::string_view name) {
  const Format* format = find_format(bytes);
  if (format == nullptr) throw Error(Code::kUnsupported, fmt::format("{}: not a volume", name));
  return std::make_unique<VolumeSource>(format->read(bytes, {options.max_bytes, options.claim}, name), options, name);
}

}  // namespace mi2::volume
