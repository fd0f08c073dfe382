#pragma once
// What the tokenizer and the model must agree on.

#include <cstdint>

namespace mi2::base {

/// Token ids of the CLIP vocabulary, which every MedImageInsight checkpoint has.
inline constexpr std::int32_t kClipVocabulary = 49408;
/// Around every text; the end is the largest id.
inline constexpr std::int32_t kClipStart = 49406;
inline constexpr std::int32_t kClipEnd = 49407;

}  // namespace mi2::base
