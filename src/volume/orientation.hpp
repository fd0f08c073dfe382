#pragma once
// Which way a volume lies, and the slices of it that are looked at.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "volume/voxels.hpp"

#include <mi2/image.hpp>

namespace mi2::volume {

/// An axis of a volume, walked from its first voxel to its last or back.
struct Walk {
  std::size_t axis = 0;
  bool backwards = false;
};

struct Slicing {
  Walk next;   ///< from a slice to the next
  Walk down;   ///< from a row to the next
  Walk right;  ///< from a pixel to the next
};

/// Of each axis of a volume, which way it goes nearest to: 0 left, 1 back, 2 up; and whether it goes there or away.
struct Directions {
  std::array<std::size_t, 3> nearest{};
  std::array<bool, 3> away{};

  friend bool operator==(const Directions&, const Directions&) = default;
};

/// The assignment of axes that suits the steps best.
/// @throws Error{kBadFile} if a step is not finite or 0, or two have one direction.
Directions directions_of(const std::array<Vector, 3>& step, std::string_view name);

/// As radiologists look: the patient's right is on the left, and up or front is up. Slices come in the order of a DICOM
/// series: upwards, backwards, to the right.
Slicing slices_of(const Directions& directions, Plane plane) noexcept;

}  // namespace mi2::volume
