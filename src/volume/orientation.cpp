#include "volume/orientation.hpp"

#include <cmath>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::volume {
namespace {

constexpr std::array<std::array<std::size_t, 3>, 6> kOrders{
    {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};

double length(const Vector& v) { return std::hypot(v[0], v[1], v[2]); }

double determinant(const std::array<Vector, 3>& m) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

}  // namespace

Directions directions_of(const std::array<Vector, 3>& step, std::string_view name) {
  std::array<Vector, 3> unit = step;
  for (Vector& v : unit) {
    const double norm = length(v);
    if (!std::isfinite(norm) || norm == 0) {
      throw Error(Code::kBadFile, fmt::format("{}: its orientation gives an axis no direction", name));
    }
    for (double& x : v) x /= norm;
  }
  // A gantry tilted by 30 degrees has 0.87.
  constexpr double kFlat = 0.05;
  if (!(std::abs(determinant(unit)) > kFlat)) {
    throw Error(Code::kBadFile, fmt::format("{}: its orientation gives two axes one direction", name));
  }
  Directions best;
  double most = -1;
  for (const auto& order : kOrders) {
    double sum = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) sum += std::abs(unit.at(axis).at(order.at(axis)));
    // A little more, so that rounding does not choose between axes that lie between two directions.
    if (sum <= most + 1e-9) continue;
    most = sum;
    best.nearest = order;
  }
  for (std::size_t axis = 0; axis < 3; ++axis) best.away.at(axis) = unit.at(axis).at(best.nearest.at(axis)) < 0;
  return best;
}

Slicing slices_of(const Directions& directions, Plane plane) noexcept {
  const auto towards = [&](std::size_t direction, bool away) {
    Walk walk;
    while (directions.nearest.at(walk.axis) != direction) ++walk.axis;
    walk.backwards = directions.away.at(walk.axis) != away;
    return walk;
  };
  switch (plane) {
    case Plane::kCoronal:
      return {towards(1, false), towards(2, true), towards(0, false)};
    case Plane::kSagittal:
      return {towards(0, true), towards(2, true), towards(1, false)};
    case Plane::kAxial:
      break;
  }
  return {towards(2, false), towards(1, false), towards(0, false)};
}

}  // namespace mi2::volume
