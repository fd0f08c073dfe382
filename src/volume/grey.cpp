#include "volume/grey.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "image/window.hpp"

namespace mi2::volume {
namespace {

/// Calls use(first, step, samples) for each line of a volume along its closest samples.
template <typename Use>
void each_line(const Volume& volume, std::uint64_t index, Use use) {
  std::array<std::size_t, 3> axes{0, 1, 2};
  std::sort(axes.begin(), axes.end(), [&](std::size_t a, std::size_t b) {
    return (volume.size.at(a) > 1 ? volume.stride.at(a) : ~0ULL) <
           (volume.size.at(b) > 1 ? volume.stride.at(b) : ~0ULL);
  });
  const auto [fast, middle, slow] = axes;
  for (std::uint64_t k = 0; k < volume.size.at(slow); ++k) {
    for (std::uint64_t j = 0; j < volume.size.at(middle); ++j) {
      use(index * volume.volume_stride + k * volume.stride.at(slow) + j * volume.stride.at(middle),
          volume.stride.at(fast), volume.size.at(fast));
    }
  }
}

image::Range range_by_codes(const Volume& volume, std::uint64_t index, const image::GreyRule& intensity) {
  std::vector<std::uint64_t> counts(bytes_of(volume.sample) == 1 ? 256 : 65536);
  each_line(volume, index, [&](std::uint64_t first, std::uint64_t step, std::uint64_t samples) {
    count_codes(volume, first, step, samples, counts);
  });
  std::vector<float> values(counts.size());
  for (std::size_t code = 0; code < values.size(); ++code) {
    values[code] = value_of_code(volume, static_cast<std::uint32_t>(code));
  }
  return image::intensity_range(values, counts, intensity);
}

image::Range range_by_values(const Volume& volume, std::uint64_t index, const image::GreyRule& intensity) {
  constexpr std::uint64_t kBlock = 4096;
  std::vector<float> block(kBlock);
  const auto each = [&](const auto& use) {
    each_line(volume, index, [&](std::uint64_t first, std::uint64_t step, std::uint64_t samples) {
      for (std::uint64_t done = 0; done < samples; done += kBlock) {
        const auto part = std::span(block).first(std::min(kBlock, samples - done));
        read_values(volume, first + done * step, static_cast<std::int64_t>(step), part);
        use(part, {});
      }
    });
  };
  return image::intensity_range(image::EachBlock(each), intensity);
}

}  // namespace

bool Grey::shown_as_stored() const noexcept {
  return options_.intensity.kind == Intensity::Kind::kAuto && volume_.sample == Sample::kU8 && !volume_.scaled();
}

image::Range Grey::range_of(std::uint64_t volume, const image::GreyRule& intensity) const {
  // Under the lock, so that threads with slices of one volume work it out once.
  const std::scoped_lock lock(mutex_);
  auto& known = intensity.kind == options_.intensity.kind ? ranges_ : extremes_;
  const auto found = known.find(volume);
  if (found != known.end()) return found->second;
  constexpr std::uint64_t kFew = 4096;  // voxels: fewer than the codes that two bytes have
  const std::uint64_t voxels = volume_.size[0] * volume_.size[1] * volume_.size[2];
  const bool by_codes = bytes_of(volume_.sample) <= 2 && voxels > kFew;
  const image::Range range =
      by_codes ? range_by_codes(volume_, volume, intensity) : range_by_values(volume_, volume, intensity);
  known.emplace(volume, range);
  return range;
}

bool Grey::below_zero(std::uint64_t volume) const {
  return range_of(volume, Intensity{.kind = Intensity::Kind::kMinMax}).low < 0;
}

std::vector<std::uint8_t> Grey::operator()(std::span<const float> values, std::uint64_t volume,
                                           image::Warnings& warnings) const {
  std::vector<std::uint8_t> shades(values.size());
  if (options_.window) {
    const Window& window = *options_.window;
    if (window.hounsfield && !below_zero(volume)) {
      image::add_warning(warnings, "not_hounsfield: no value of the volume is below 0, so that it is hardly a CT");
    }
    std::transform(values.begin(), values.end(), shades.begin(),
                   [&](float x) { return image::shade(image::windowed(window, static_cast<double>(x))); });
    return shades;
  }
  if (shown_as_stored()) {
    std::transform(values.begin(), values.end(), shades.begin(), [](float x) { return static_cast<std::uint8_t>(x); });
    return shades;
  }
  const bool alone = options_.intensity.scope == Intensity::Scope::kImage;
  const image::Range range =
      alone ? image::intensity_range(values, options_.intensity) : range_of(volume, options_.intensity);
  image::warn_of_range(values, range, warnings);
  return image::to_8bit(values, range);
}

}  // namespace mi2::volume
