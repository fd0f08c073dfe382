#pragma once
// Random erasing: a rectangle of the normalised image becomes the mean colour.

#include <optional>
#include <span>

#include "dataset/augment/crop.hpp"
#include "dataset/augment/random.hpp"

namespace mi2::dataset {

/// With `probability`, a box of 2 to 33 % of the area and a shape of 0.3 to 3.3, smaller than the image; none if ten
/// draws do not fit.      Source: torchvision 0.20, RandomErasing.get_params; Zhong et al., AAAI 2020.
std::optional<CropBox> draw_erasing(Random& random, int width, int height, double probability);

/// Sets the box of `pixels` [height, width, 3] to 0.
void erase(std::span<float> pixels, int width, const CropBox& box);

}  // namespace mi2::dataset
