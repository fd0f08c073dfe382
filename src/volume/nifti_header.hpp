#pragma once
// The header of NIfTI-1 and NIfTI-2.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "volume/voxels.hpp"

namespace mi2::volume {

struct NiftiHeader {
  bool big_endian = false;
  bool second = false;   ///< NIfTI-2
  bool pair = false;     ///< the voxels are in another file
  bool analyze = false;  ///< the format before NIfTI, which does not say which side is left
  std::array<std::int64_t, 8> dim{};
  std::array<double, 8> pixdim{};
  int datatype = 0;
  int intent = 0;
  double vox_offset = 0;
  double slope = 0;
  double intercept = 0;
  int qform = 0;
  int sform = 0;
  std::array<double, 3> quatern{};  ///< b, c, d
  std::array<double, 3> qoffset{};
  std::array<std::array<double, 4>, 3> srow{};
  int units = 0;

  [[nodiscard]] std::size_t bytes() const noexcept { return second ? 540 : 348; }
};

/// nullopt: these are no first bytes of one.
std::optional<NiftiHeader> read_nifti_header(Bytes head);

/// From voxels to mm: right, front, up. rows[i][3] is the origin.
using Affine = std::array<std::array<double, 4>, 3>;

/// Method 2, a quaternion.
Affine qform_of(const NiftiHeader& header);
/// Method 1, sizes alone: as nibabel has it, the first axis goes to the left.
Affine sizes_alone(const NiftiHeader& header);

}  // namespace mi2::volume
