#pragma once
// One vector from those of several images, other than the unit mean that an archive keeps.

#include <span>
#include <vector>

namespace mi2::archive {

/// [7 D]: mean, standard deviation (n - 1), minimum, the 25th, 50th and 75th percentile (linear between values, as
/// numpy) and maximum of each dimension. @param rows  two or more, each [D].
std::vector<float> seven_statistics(std::span<const std::span<const float>> rows);

/// [D]: the mean, of whatever length it comes out. @param rows  at least one, each [D].
std::vector<float> plain_mean(std::span<const std::span<const float>> rows);

}  // namespace mi2::archive
