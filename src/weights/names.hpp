#pragma once
// Names of tensors: how errors show them, and the two schemes checkpoints use.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/quotes.hpp"

namespace mi2::weights {

/// A name from a file as an error shows it.
using base::in_quotes;

/// How many names an error shows, if many are at fault.
inline constexpr std::size_t kShownLeftOvers = 5;

enum class Naming {
  kNeutral,  ///< the same in both schemes: logit_scale
  kCurrent,  ///< image_encoder., lang_encoder., image_projection, lang_projection
  kOlder,    ///< visual., text., vision_projection, text_projection
};

/// @returns the scheme `name` belongs to; kNeutral if it is in neither.
Naming naming_of(std::string_view name) noexcept;
/// @returns "current", "older" or "neutral".
std::string_view name_of(Naming naming) noexcept;

/// An older name under the current scheme; a name that is not an older one comes back as it is.
std::string current_name(std::string_view older);

/// Buffers that some exports carry along and that hold no weights: attention masks, index tables, counters.
bool is_known_buffer(std::string_view name) noexcept;

}  // namespace mi2::weights
