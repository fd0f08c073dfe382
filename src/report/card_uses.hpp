#pragma once
// What the published model is for and what it is not for, in the words of the documents that say so.

#include <span>
#include <string_view>

namespace mi2::report {

struct Use {
  std::string_view what;
  std::string_view source;
};

std::span<const Use> intended_uses();
std::span<const Use> excluded_uses();
/// What holds of every model of this kind.
std::span<const Use> known_limits();

/// What software cannot know.
std::span<const std::string_view> asked_of_authors();

}  // namespace mi2::report
