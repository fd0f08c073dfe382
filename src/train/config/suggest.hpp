#pragma once
// What somebody may have meant by a key that mi2 does not know.

#include <string>
#include <string_view>

namespace mi2::train {

/// @param path  "AUG.MIXPU".
/// @returns "did you mean AUG.MIXUP?", where the key belongs, or an empty text.
std::string suggestion(std::string_view path);

}  // namespace mi2::train
