#pragma once
// Where in the images of a card's results is what was asked for, for the card's page.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>

#include "archive/cards/card.hpp"
#include "archive/reader.hpp"

namespace mi2::archive::cards {

/// A map over its image, and what it shows; or why there is none.
struct ResultMap {
  std::string picture;  ///< WebP; empty: there is none
  std::string note;
};

/// A map for each result, whose image is read again from its file.
/// @param direction  as direction_of() the query's parts.
/// @param embedder   that makes vectors of the archive's space.
/// @param on_done    after each.
std::vector<ResultMap> maps_of(Reader& archive, const Card& card, std::span<const float> direction,
                               const Embedder& embedder, const std::function<void()>& on_done);

}  // namespace mi2::archive::cards
