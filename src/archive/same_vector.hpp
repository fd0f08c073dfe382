#pragma once
// When two vectors of one image are the same but for how the model was run.

namespace mi2::archive {

/// Another dtype leaves a cosine of 0.99 at least; another image, window or profile, or shades chosen from a whole
/// series, often less.
inline constexpr double kSameVector = 0.985;

}  // namespace mi2::archive
