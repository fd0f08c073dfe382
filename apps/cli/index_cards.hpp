#pragma once
// The evidence card of a search, as its command line asks for it.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mi2/provenance.hpp>

#include "archive/cards/card.hpp"
#include "archive/cards/maps.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace mi2::cli {

struct CardArguments {
  std::string folder;  ///< empty: no card
  bool paths = false;
  bool heatmap = false;  ///< the page shows where in each result's image is what was asked for
};

/// Makes the maps of a card's results. @param archive  the one that was searched.
using MakeMaps =
    std::function<std::vector<archive::cards::ResultMap>(archive::Reader& archive, const archive::cards::Card& card)>;

/// Declares --cards, --card-paths and --heatmap. `arguments` outlives the App.
void add_card_arguments(CLI::App& command, CardArguments& arguments);

/// Before any work is done for a card. @throws Error{kBadArgument} for more results than one holds.
void check_cards(const CardArguments& arguments, std::size_t k);

/// Adds a card to the folder, if there is one.
/// @param model      that made some of the parts.
/// @param make_maps  called if maps are asked for.
/// @returns the name of its page, or nothing. @throws as make_card() and add_card().
std::string write_card(archive::Reader& archive, std::span<const archive::QueryPart> parts,
                       const std::optional<Provenance>& model, const archive::SearchOptions& options,
                       const archive::SearchAnswer& answer, const CardArguments& arguments, const MakeMaps& make_maps);

}  // namespace mi2::cli
