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

void require_share(std::string_view what, float value) { require(value >= 0 && value <= 1, what, value, "0 to 1"); }

}  // namespace

void check(const AugmentOptions& options) {
  require(options.scale_min > 0 && options.scale_min <= 1, "scale_min", options.scale_min, "above 0, at most 1");
  require(options.scale_max >= options.scale_min && options.scale_max <= 1, "scale_max", options.scale_max,
          "scale_min to 1");
  require(options.ratio_min >= 0.01F && options.ratio_min <= 100, "ratio_min", options.ratio_min, "0.01 to 100");
  require(options.ratio_max >= options.ratio_min && options.ratio_max <= 100, "ratio_max", options.ratio_max,
          "ratio_min to 100");
  require_share("erase_probability", options.erase_probability);
  require_share("horizontal_flip", options.horizontal_flip);
  require_share("vertical_flip", options.vertical_flip);
  require_share("jitter_probability", options.jitter_probability);
  require_share("brightness", options.brightness);
  require_share("contrast", options.contrast);
  require_share("saturation", options.saturation);
  require(options.hue >= 0 && options.hue <= 0.5F, "hue", options.hue, "0 to 0.5");
  require_share("stain_probability", options.stain_probability);
  require_share("stain", options.stain);
  require_share("round_probability", options.round_probability);
  require_share("small_probability", options.small_probability);
  require(options.small_least > 0 && options.small_least <= 1, "small_least", options.small_least,
          "above 0, at most 1");
  require_share("mixup_probability", options.mixup_probability);
  require(options.mixup_alpha >= 0 && options.mixup_alpha <= 100, "mixup_alpha", options.mixup_alpha, "0 to 100");
  require(options.cutmix_alpha >= 0 && options.cutmix_alpha <= 100, "cutmix_alpha", options.cutmix_alpha, "0 to 100");
  require_share("cutmix_share", options.cutmix_share);
}

}  // namespace mi2::dataset
