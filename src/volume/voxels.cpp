#include "volume/voxels.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "base/checked.hpp"
#include "base/inflate.hpp"

#include <mi2/error.hpp>

namespace mi2::volume {
namespace {

/// Deflate packs at most 258 bytes into two bits.
constexpr std::uint64_t kMostPacked = 1032;

template <typename Code>
Code swapped(Code code) noexcept {
  Code result = 0;
  for (unsigned i = 0; i < sizeof(Code); ++i) {
    result = static_cast<Code>(static_cast<Code>(result << 8U) | static_cast<Code>(code & 0xFFU));
    if constexpr (sizeof(Code) > 1) code = static_cast<Code>(code >> 8U);
  }
  return result;
}

/// The bits of a sample.
template <typename Code>
Code code_at(const Volume& volume, std::uint64_t sample) noexcept {
  Code code;
  std::memcpy(&code, volume.voxels.data() + sample * sizeof(Code), sizeof(Code));
  return volume.big_endian == (std::endian::native == std::endian::big) ? code : swapped(code);
}

template <typename Code, typename T>
void read_as(const Volume& volume, std::uint64_t first, std::int64_t step, std::span<float> out) {
  const bool scaled = volume.scaled();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto at = static_cast<std::uint64_t>(static_cast<std::int64_t>(first) + static_cast<std::int64_t>(i) * step);
    const T stored = std::bit_cast<T>(code_at<Code>(volume, at));
    out[i] = scaled ? static_cast<float>(static_cast<double>(stored) * volume.slope + volume.intercept)
                    : static_cast<float>(stored);
  }
}

}  // namespace

unsigned bytes_of(Sample sample) noexcept {
  switch (sample) {
    case Sample::kU8:
    case Sample::kI8:
      return 1;
    case Sample::kU16:
    case Sample::kI16:
      return 2;
    case Sample::kRgb:
      return 3;
    case Sample::kU32:
    case Sample::kI32:
    case Sample::kF32:
    case Sample::kRgba:
      return 4;
    case Sample::kU64:
    case Sample::kI64:
    case Sample::kF64:
      return 8;
  }
  return 1;
}

std::uint64_t set_axes(Volume& volume, const Axes& axes, std::string_view name) {
  volume.size = {1, 1, 1};
  volume.volumes = 1;
  std::uint64_t samples = 1;
  for (std::size_t i = 0; i < axes.sizes.size(); ++i) {
    const std::uint64_t size = axes.sizes[i];
    if (size == 0) throw Error(Code::kBadFile, fmt::format("{}: a volume of size 0 along axis {}", name, i + 1));
    if (axes.roles[i] != Axes::kSeries) {
      volume.size.at(static_cast<std::size_t>(axes.roles[i])) = size;
      volume.stride.at(static_cast<std::size_t>(axes.roles[i])) = samples;
    } else {
      if (volume.volumes == 1) volume.volume_stride = samples;
      if (size > 1 && samples != volume.volume_stride * volume.volumes) {
        throw Error(Code::kUnsupported, fmt::format("{}: volumes that are numbered along two axes apart", name));
      }
      volume.volumes = base::checked_mul(volume.volumes, size, name);
    }
    samples = base::checked_mul(samples, size, name);
  }
  const std::uint64_t bytes = base::checked_mul(samples, bytes_of(volume.sample), name);
  if (bytes > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Error(Code::kTooLarge, fmt::format("{}: a volume of {} voxels", name, samples));
  }
  return bytes;
}

void take_raw(Volume& volume, Bytes data, std::uint64_t size, std::string_view name) {
  if (data.size() < size) {
    throw Error(Code::kBadFile, fmt::format("{}: truncated: its header says {} bytes of voxels, there are {}", name,
                                            size, data.size()));
  }
  volume.voxels = data.first(size);
}

void take_compressed(Volume& volume, Bytes stream, std::uint64_t skip, std::uint64_t size, const Unpacking& unpacking,
                     std::string_view name) {
  const std::uint64_t all = base::checked_add(skip, size, name);
  if (all > unpacking.max_bytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: a volume of {} bytes once it is unpacked, the limit is {}", name, all,
                                             unpacking.max_bytes));
  }
  if (all / kMostPacked > stream.size()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: truncated or corrupt: {} bytes cannot hold such a volume", name, stream.size()));
  }
  if (unpacking.claim) unpacking.claim(size / bytes_of(volume.sample));
  volume.unpacked.resize(all);
  base::inflate_start({reinterpret_cast<const char*>(stream.data()), stream.size()},
                      {reinterpret_cast<char*>(volume.unpacked.data()), volume.unpacked.size()}, name);
  volume.voxels = Bytes(volume.unpacked).subspan(skip);
}

void set_scale(Volume& volume, double slope, double intercept, std::string_view name) {
  if (!std::isfinite(slope) || !std::isfinite(intercept) || slope == 0) {
    throw Error(Code::kBadFile,
                fmt::format("{}: expected a finite scale other than 0, got {} and {}", name, slope, intercept));
  }
  volume.slope = slope;
  volume.intercept = intercept;
}

void read_values(const Volume& volume, std::uint64_t first, std::int64_t step, std::span<float> out) {
  switch (volume.sample) {
    case Sample::kU8:
      return read_as<std::uint8_t, std::uint8_t>(volume, first, step, out);
    case Sample::kI8:
      return read_as<std::uint8_t, std::int8_t>(volume, first, step, out);
    case Sample::kU16:
      return read_as<std::uint16_t, std::uint16_t>(volume, first, step, out);
    case Sample::kI16:
      return read_as<std::uint16_t, std::int16_t>(volume, first, step, out);
    case Sample::kU32:
      return read_as<std::uint32_t, std::uint32_t>(volume, first, step, out);
    case Sample::kI32:
      return read_as<std::uint32_t, std::int32_t>(volume, first, step, out);
    case Sample::kU64:
      return read_as<std::uint64_t, std::uint64_t>(volume, first, step, out);
    case Sample::kI64:
      return read_as<std::uint64_t, std::int64_t>(volume, first, step, out);
    case Sample::kF32:
      return read_as<std::uint32_t, float>(volume, first, step, out);
    case Sample::kF64:
      return read_as<std::uint64_t, double>(volume, first, step, out);
    case Sample::kRgb:
    case Sample::kRgba:
      break;
  }
}

void count_codes(const Volume& volume, std::uint64_t first, std::uint64_t step, std::uint64_t samples,
                 std::span<std::uint64_t> counts) {
  const bool narrow = bytes_of(volume.sample) == 1;
  for (std::uint64_t i = 0; i < samples; ++i) {
    const std::uint64_t at = first + i * step;
    ++counts[narrow ? code_at<std::uint8_t>(volume, at) : code_at<std::uint16_t>(volume, at)];
  }
}

float value_of_code(const Volume& volume, std::uint32_t code) noexcept {
  double stored = code;
  if (volume.sample == Sample::kI8) stored = static_cast<std::int8_t>(code);
  if (volume.sample == Sample::kI16) stored = static_cast<std::int16_t>(code);
  return static_cast<float>(stored * volume.slope + volume.intercept);
}

}  // namespace mi2::volume
