#pragma once
// What a reader finds out of a volume: where its voxels are, and what they mean.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "image/warnings.hpp"

namespace mi2::volume {

using Bytes = std::span<const std::byte>;
using Vector = std::array<double, 3>;

enum class Sample : std::uint8_t { kU8, kI8, kU16, kI16, kU32, kI32, kU64, kI64, kF32, kF64, kRgb, kRgba };

/// Bytes of one.
unsigned bytes_of(Sample sample) noexcept;
constexpr bool is_colour(Sample sample) noexcept { return sample == Sample::kRgb || sample == Sample::kRgba; }

/// What is allowed where voxels are unpacked.
struct Unpacking {
  std::uint64_t max_bytes = 1ULL << 30;
  std::function<void(std::uint64_t voxels)> claim{};  ///< called before memory is taken for them
};

struct Volume {
  std::vector<std::byte> unpacked;  ///< of a compressed file
  Bytes voxels;                     ///< of the file or of `unpacked`: as many as the sizes say, at least
  Sample sample = Sample::kU8;
  bool big_endian = false;
  double slope = 1;  ///< value = stored * slope + intercept
  double intercept = 0;
  std::array<std::uint64_t, 3> size{};    ///< voxels along each axis
  std::uint64_t volumes = 1;              ///< in time, or other series of whole volumes
  std::array<std::uint64_t, 3> stride{};  ///< samples from a voxel to the next along each axis
  std::uint64_t volume_stride = 0;        ///< samples from a volume to the next
  std::array<Vector, 3> step{};           ///< mm from a voxel to the next along each axis: left, back, up
  Vector origin{};                        ///< mm: the centre of the first voxel
  image::Warnings warnings;

  [[nodiscard]] bool scaled() const noexcept { return slope != 1 || intercept != 0; }
};

/// Sizes along the axes of a file, the fastest first, and what each axis is.
struct Axes {
  static constexpr int kSeries = 3;
  std::vector<std::uint64_t> sizes;
  std::vector<int> roles;  ///< 0, 1, 2: in space; kSeries: one volume after the other
};

/// Sets sizes and strides. @returns the bytes of all voxels.
/// @throws Error{kBadFile} for a size of 0, {kTooLarge} if the product does not fit 63 bits.
std::uint64_t set_axes(Volume& volume, const Axes& axes, std::string_view name);

/// Voxels that are in the file as they are. @throws Error{kBadFile} if there are fewer bytes than `size`.
void take_raw(Volume& volume, Bytes data, std::uint64_t size, std::string_view name);

/// Voxels in a gzip or zlib stream, of which the first `skip` bytes are others.
/// @throws Error{kTooLarge} over what is allowed; {kBadFile} before anything is allocated if the stream cannot
///         hold so much; {kBadFile} if it is damaged or ends early.
void take_compressed(Volume& volume, Bytes stream, std::uint64_t skip, std::uint64_t size, const Unpacking& unpacking,
                     std::string_view name);

/// A scale that makes values of stored ones. @throws Error{kBadFile} unless both are finite and the slope is not 0.
void set_scale(Volume& volume, double slope, double intercept, std::string_view name);

/// Values of the samples first, first + step, .. as float32; NaN stays NaN.
void read_values(const Volume& volume, std::uint64_t first, std::int64_t step, std::span<float> out);

/// How often each code of 8 or 16 bits (as unsigned) occurs among the samples first, first + step, ..
void count_codes(const Volume& volume, std::uint64_t first, std::uint64_t step, std::uint64_t samples,
                 std::span<std::uint64_t> counts);
/// The value of a code of 8 or 16 bits.
float value_of_code(const Volume& volume, std::uint32_t code) noexcept;

}  // namespace mi2::volume
