// Volumes give the same slices whichever way they are stored.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "volume/builder.hpp"
#include "volume/orientation.hpp"

namespace mi2::volume {
namespace {

/// 5 to the right, 4 to the front, 3 up: no two voxels alike.
constexpr std::array<std::int64_t, 3> kSize{5, 4, 3};
int value_at(const std::array<std::int64_t, 3>& ras) {
  return static_cast<int>(1 + ras[0] + 10 * ras[1] + 60 * ras[2]);
}

/// The phantom stored with axis i along direction order[i], away from it where flipped[i].
Nifti stored(const std::array<std::size_t, 3>& order, unsigned flipped) {
  Nifti nifti;
  for (auto& row : nifti.srow) row = {};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::size_t direction = order.at(axis);
    nifti.dim[axis] = kSize.at(direction);
    const bool flip = (flipped >> axis & 1U) != 0;
    nifti.srow.at(direction).at(axis) = flip ? -2 : 2;
    nifti.srow.at(direction)[3] = flip ? 2.0 * static_cast<double>(kSize.at(direction) - 1) : 0.0;
  }
  std::vector<std::int16_t> voxels;
  std::array<std::int64_t, 3> at{};
  for (at[2] = 0; at[2] < nifti.dim[2]; ++at[2]) {
    for (at[1] = 0; at[1] < nifti.dim[1]; ++at[1]) {
      for (at[0] = 0; at[0] < nifti.dim[0]; ++at[0]) {
        std::array<std::int64_t, 3> ras{};
        for (std::size_t axis = 0; axis < 3; ++axis) {
          const bool flip = (flipped >> axis & 1U) != 0;
          ras.at(order.at(axis)) = flip ? nifti.dim[axis] - 1 - at.at(axis) : at.at(axis);
        }
        voxels.push_back(static_cast<std::int16_t>(value_at(ras)));
      }
    }
  }
  nifti.voxels = bytes_of(voxels);
  return nifti;
}

std::array<std::size_t, 3> kAll{0, 1, 2};

TEST(Orientation, AxialSlicesHaveThePatientsRightOnTheLeftAndFrontOnTop) {
  const std::vector<Shades> slices = slices_of(stored(kAll, 0).file());
  ASSERT_EQ(slices.size(), 3U);
  std::size_t i = 0;
  for (std::int64_t front = kSize[1] - 1; front >= 0; --front) {
    for (std::int64_t right = kSize[0] - 1; right >= 0; --right) {
      EXPECT_EQ(slices[1][i++], value_at({right, front, 1}));
    }
  }
}

TEST(Orientation, CoronalAndSagittalSlicesHaveUpOnTop) {
  Options options = as_values();
  options.plane = Plane::kCoronal;
  const Nifti nifti = stored(kAll, 0);
  const std::vector<Shades> coronal = slices_of(nifti.file(), options);
  ASSERT_EQ(coronal.size(), 4U);
  EXPECT_EQ(coronal[0][0], value_at({4, 3, 2})) << "from the front; right on the left";
  options.plane = Plane::kSagittal;
  const std::vector<Shades> sagittal = slices_of(nifti.file(), options);
  ASSERT_EQ(sagittal.size(), 5U);
  EXPECT_EQ(sagittal[0][0], value_at({0, 3, 2})) << "from the left; front on the left";
  EXPECT_EQ(sagittal[4][11], value_at({4, 0, 0}));
}

TEST(Orientation, All48WaysToStoreAVolumeGiveTheSameSlices) {
  for (const Plane plane : {Plane::kAxial, Plane::kCoronal, Plane::kSagittal}) {
    Options options = as_values();
    options.plane = plane;
    const std::string reference = stored(kAll, 0).file();
    const std::vector<Shades> want = slices_of(reference, options);
    const auto where = open_text(reference, options)->info(1);
    std::array<std::size_t, 3> order = kAll;
    int kinds = 0;
    do {
      for (unsigned flipped = 0; flipped < 8; ++flipped, ++kinds) {
        const std::string file = stored(order, flipped).file();
        EXPECT_EQ(slices_of(file, options), want) << order[0] << order[1] << order[2] << " " << flipped;
        EXPECT_EQ(open_text(file, options)->info(1).position, where.position);
      }
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_EQ(kinds, 48);
  }
}

TEST(Orientation, ObliqueVolumesAreCutAlongTheNearestAxis) {
  const double c = std::cos(0.6);
  const double s = std::sin(0.6);
  const Directions tilted = directions_of({{{1, 0, 0}, {0, c, s}, {0, -s, c}}}, "test");
  EXPECT_EQ(tilted, (Directions{{0, 1, 2}, {false, false, false}}));
  // The first axis is nearer to the second direction than to the first, and still the best of those that are left.
  const Directions crossed = directions_of({{{0.6, 0.7, 0}, {-0.1, 1, 0}, {0, 0, -1}}}, "test");
  EXPECT_EQ(crossed, (Directions{{0, 1, 2}, {false, false, true}}));
}

TEST(Orientation, WithoutDirectionsIsRefused) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const Vector& third : {Vector{0, 0, 0}, Vector{0, 1, 0}, Vector{0, 0.9999, 0.001}, Vector{0, kNan, 1}}) {
    test::expect_error(Code::kBadFile, {"orientation"}, [&] {
      directions_of({{{1, 0, 0}, {0, 1, 0}, third}}, "test");
    });
  }
}

TEST(Orientation, SingleSliceIsSeenInItsOwnPlane) {
  Nifti nifti;
  nifti.dim = {5, 1, 3};
  nifti.voxels = std::string(30, '\1');
  const std::string file = nifti.file();
  const auto source = open_text(file);
  EXPECT_EQ(source->frames(), 1U);
  EXPECT_EQ(source->read(0).width, 5);
  EXPECT_EQ(source->read(0).height, 3);
  Options options;
  options.plane = Plane::kAxial;
  EXPECT_EQ(open_text(file, options)->frames(), 3U) << "asked for";
}

}  // namespace
}  // namespace mi2::volume
