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
  float jitter_probability = 0.0F;  ///< of brightness, contrast, saturation and hue
  float brightness = 0.0F;          ///< factor 1 - this to 1 + this; so the next two
  float contrast = 0.0F;
  float saturation = 0.0F;
  float hue = 0.0F;  ///< turns: 0.5 is half the circle either way
  float stain_probability = 0.0F;
  float stain = 0.0F;              ///< strength of the change of stains (Tellez et al., IEEE TMI 2018)
  float round_probability = 0.0F;  ///< of a round field of view
  float small_probability = 0.0F;  ///< of a picture small on black
  float small_least = 0.5F;        ///< least share of its side
  float mixup_alpha = 0.0F;        ///< of the Beta distribution (Zhang et al., ICLR 2018)
  float mixup_probability = 0.0F;  ///< of a batch's being mixed at all
  float cutmix_alpha = 0.0F;       ///< of CutMix's Beta distribution (Yun et al., ICCV 2019)
  float cutmix_share = 0.5F;       ///< of the mixed batches that get CutMix, where both alphas are above 0
};

/// @throws Error{kBadArgument} naming the option that is out of range.
void check(const AugmentOptions& options);

}  // namespace mi2::dataset
