#pragma once
// What the tokenizer and the model must agree on.

#include <cstdint>

namespace mi2::base {

/// Token ids of the CLIP vocabulary, which every MedImageInsight checkpoint has.
inline constexpr std::int32_t kClipVocabulary = 49408;

}  // namespace mi2::base
