#pragma once
// Volumes that tests make up.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image/source.hpp"
#include "volume/volume.hpp"

namespace mi2::volume {

/// A NIfTI file. The defaults: int16, axes that go right, front and up by 1 mm.
struct Nifti {
  std::vector<std::int64_t> dim{2, 2, 2};
  int datatype = 4;
  std::string voxels;
  std::array<std::array<double, 4>, 3> srow{{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
  int sform = 1;
  int qform = 0;
  std::array<double, 3> quatern{};
  std::array<double, 3> qoffset{};
  std::array<double, 4> pixdim{1, 1, 1, 1};
  double slope = 0;
  double intercept = 0;
  double offset = -1;  ///< -1: where the voxels are
  int intent = 0;
  bool second = false;
  bool big_endian = false;
  std::string magic{};  ///< empty: of one file

  [[nodiscard]] std::string header() const;
  [[nodiscard]] std::string file() const { return header() + voxels; }
};

/// Numbers as the bytes of voxels.
template <typename T>
std::string bytes_of(std::span<const T> values, bool big_endian = false) {
  std::string out;
  for (const T value : values) {
    std::string bytes(reinterpret_cast<const char*>(&value), sizeof value);
    if (big_endian) bytes = std::string(bytes.rbegin(), bytes.rend());
    out += bytes;
  }
  return out;
}
template <typename T>
std::string bytes_of(const std::vector<T>& values, bool big_endian = false) {
  return bytes_of(std::span<const T>(values), big_endian);
}

/// Opened; `file` must outlive it.
std::unique_ptr<image::Source> open_text(std::string_view file, const Options& options = {});

/// Stretches 0..255 to themselves, so that the shades of 8 bits are the values.
Options as_values();

using Shades = std::vector<std::uint8_t>;

/// Of every frame, one after the other.
std::vector<Shades> slices_of(std::string_view file, const Options& options = as_values());

}  // namespace mi2::volume
