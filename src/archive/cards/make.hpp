#pragma once
// From a search to its card.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mi2/provenance.hpp>

#include "archive/cards/card.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"

namespace mi2::archive::cards {

/// A part as a card has it, and as a search takes it.
/// @throws Error{kTooLarge} for one of more than kMostSubjects.
Part part_of(const QueryPart& part);
QueryPart query_part(const Part& part);

/// What a search does not know of itself.
struct Making {
  std::optional<Provenance> model;  ///< that embedded texts and images
  bool paths = false;               ///< whether results have their paths
};

/// The card of a search, without its id and the one before: add_card() gives it both.
/// @throws Error{kTooLarge} over a limit of card.hpp; {kUnsupported} for a search that not all rows were visible to:
///         whoever replays it may see others.
Card make_card(Reader& archive, std::span<const QueryPart> parts, const SearchOptions& options,
               const SearchAnswer& answer, const Making& making);

/// What a person says of a search and of some of its results.
struct Notes {
  struct OfResult {
    std::uint64_t item = 0;
    std::string text;  ///< may be empty: the result is pinned
  };
  std::string text;
  std::vector<OfResult> results;
};
/// Puts notes on a card, before it has its id, and pins the results that they name.
/// @throws Error{kBadArgument} for an item that is no result of the card, or is named twice; {kTooLarge} for more than
///         kMostNote bytes. Messages hold places, no texts.
void annotate(Card& card, const Notes& notes);

/// What was found, with all that the archive knows of it.
std::vector<Result> results_of(Reader& archive, const SearchAnswer& answer, bool paths);

/// The thumbnail of each result, WebP; empty: there is none.
/// @throws Error{kBadFile} for one that is damaged.
std::vector<std::string> thumbnails_of(Reader& archive, const Card& card);

}  // namespace mi2::archive::cards
