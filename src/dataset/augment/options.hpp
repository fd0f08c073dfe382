#pragma once
// What training does to an image before the model sees it.

namespace mi2::dataset {

/// Probabilities are in [0, 1]; 0 turns an augmentation off.
struct AugmentOptions {
  float scale_min = 0.8F;  ///< random resized crop: share of the image's area; 1: the whole image, no crop
  float scale_max = 1.0F;
  float ratio_min = 3.0F / 4.0F;  ///< width / height of the crop
  float ratio_max = 4.0F / 3.0F;
  bool trivial_augment = true;      ///< TrivialAugmentWide (Mueller and Hutter, ICCV 2021)
  float erase_probability = 0.25F;  ///< random erasing (Zhong et al., AAAI 2020)
  float horizontal_flip = 0.0F;
  float vertical_flip = 0.0F;
  float mixup_alpha = 0.0F;        ///< of the Beta distribution (Zhang et al., ICLR 2018)
  float mixup_probability = 0.0F;  ///< of a batch's being mixed at all
  float cutmix_alpha = 0.0F;       ///< of CutMix's Beta distribution (Yun et al., ICCV 2019)
  float cutmix_share = 0.5F;       ///< of the mixed batches that get CutMix, where both alphas are above 0
};

/// @throws Error{kBadArgument} naming the option that is out of range.
void check(const AugmentOptions& options);

}  // namespace mi2::dataset
