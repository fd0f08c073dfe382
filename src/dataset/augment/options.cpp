#include "dataset/augment/options.hpp"

#include <string_view>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::dataset {
namespace {

/// NaN fails every comparison, so conditions are written as what must hold.
void require(bool holds, std::string_view what, float value, std::string_view needed) {
  if (!holds)
    throw Error(Code::kBadArgument, fmt::format("augmentation: {0}: expected {2}, got {1}", what, value, needed));
}

void require_probability(std::string_view what, float value) {
  require(value >= 0 && value <= 1, what, value, "0 to 1");
}

}  // namespace

void check(const AugmentOptions& options) {
  require(options.scale_min > 0 && options.scale_min <= 1, "scale_min", options.scale_min, "above 0, at most 1");
  require(options.scale_max >= options.scale_min && options.scale_max <= 1, "scale_max", options.scale_max,
          "scale_min to 1");
  require(options.ratio_min >= 0.01F && options.ratio_min <= 100, "ratio_min", options.ratio_min, "0.01 to 100");
  require(options.ratio_max >= options.ratio_min && options.ratio_max <= 100, "ratio_max", options.ratio_max,
          "ratio_min to 100");
  require_probability("erase_probability", options.erase_probability);
  require_probability("horizontal_flip", options.horizontal_flip);
  require_probability("vertical_flip", options.vertical_flip);
  require_probability("mixup_probability", options.mixup_probability);
  require(options.mixup_alpha >= 0 && options.mixup_alpha <= 100, "mixup_alpha", options.mixup_alpha, "0 to 100");
  require(options.cutmix_alpha >= 0 && options.cutmix_alpha <= 100, "cutmix_alpha", options.cutmix_alpha, "0 to 100");
  require_probability("cutmix_share", options.cutmix_share);
}

}  // namespace mi2::dataset
