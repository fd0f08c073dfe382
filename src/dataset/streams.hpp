#pragma once
// What random numbers are for: the last part of a Random's key, (seed, epoch, place or batch, stream).

#include <cstdint>

namespace mi2::dataset {

inline constexpr std::uint64_t kShuffleStream = 1;  ///< an epoch's order
inline constexpr std::uint64_t kImageStream = 2;    ///< a place's prompt and augmentation
inline constexpr std::uint64_t kMixupStream = 3;    ///< a global batch's mixup or CutMix
inline constexpr std::uint64_t kCaptionStream = 4;  ///< a record's caption, of several

}  // namespace mi2::dataset
