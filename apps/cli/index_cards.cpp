#include "index_cards.hpp"

#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/cards/card_html.hpp"
#include "archive/cards/folder.hpp"
#include "archive/cards/make.hpp"

namespace mi2::cli {

void add_card_arguments(CLI::App& command, CardArguments& arguments) {
  CLI::Option* const cards =
      command.add_option("--cards", arguments.folder, "Add an evidence card of this search to a folder")
          ->type_name("DIR");
  command.add_flag("--card-paths", arguments.paths, "Put the paths of results into the card too")->needs(cards);
  command
      .add_flag("--heatmap", arguments.heatmap,
                "Show on the card's page where in each result's image is what was asked for; takes --model")
      ->needs(cards);
}

void check_cards(const CardArguments& arguments, std::size_t k) {
  if (arguments.folder.empty() || k <= archive::cards::kMostResults) return;
  throw Error(Code::kBadArgument,
              fmt::format("--cards: expected -k up to {}, got {}", archive::cards::kMostResults, k));
}

std::string write_card(archive::Reader& archive, std::span<const archive::QueryPart> parts,
                       const std::optional<Provenance>& model, const archive::SearchOptions& options,
                       const archive::SearchAnswer& answer, const CardArguments& arguments, const MakeMaps& make_maps) {
  if (arguments.folder.empty()) return {};
  namespace cards = archive::cards;
  cards::Card card = cards::make_card(archive, parts, options, answer, {model, arguments.paths});
  const std::vector<std::string> thumbnails = cards::thumbnails_of(archive, card);
  const std::vector<cards::ResultMap> maps =
      arguments.heatmap ? make_maps(archive, card) : std::vector<cards::ResultMap>();
  cards::add_card(arguments.folder, card,
                  [&](const cards::Card& whole) { return cards::to_html(whole, thumbnails, maps); });
  return cards::html_file(arguments.folder, card.id).string();
}

}  // namespace mi2::cli
