#pragma once
// Files in portions whose frames take only so much memory.

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include <mi2/image.hpp>

#include "embedder/inputs.hpp"

namespace mi2::archive {

/// Inputs in their order, in portions of at most `most` frames; one input that has more is a portion of its own. What
/// was skipped comes with the first, which there always is.
std::vector<embedder::ExpandedPaths> portions_of(const embedder::ExpandedPaths& paths, const ImageOptions& options,
                                                 std::uint64_t most);

/// For SurveyOptions::claim_frames: refuses a file of more frames than these, as kTooLarge.
std::function<void(std::uint64_t frames, std::string_view name)> at_most(std::uint64_t most);

}  // namespace mi2::archive
