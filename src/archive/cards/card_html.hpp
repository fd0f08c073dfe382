#pragma once
// A card as a page for people: it needs no other file, no script and no network, in light and dark, on paper too.

#include <span>
#include <string>
#include <string_view>

#include "archive/cards/card.hpp"
#include "archive/cards/maps.hpp"

namespace mi2::archive::cards {

/// The content security policy of a page, which it names itself: whatever stands in a tag, nothing runs and nothing is
/// fetched.
inline constexpr std::string_view kPagePolicy =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// @param thumbnails  WebP, one per result; empty ones and anything but WebP of usual size are left out.
/// @param maps        one per result, or none at all.
std::string to_html(const Card& card, std::span<const std::string> thumbnails, std::span<const ResultMap> maps = {});

}  // namespace mi2::archive::cards
