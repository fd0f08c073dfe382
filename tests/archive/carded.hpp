#pragma once
// Cards of searches of a test's own archive.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "archive/cards/card.hpp"
#include "archive/cards/make.hpp"
#include "archive/cards/replay.hpp"
#include "archive/growing.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"
#include "archive/upkeep.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::cards {

inline SearchAnswer ask(archive::Reader& reader, const std::vector<QueryPart>& parts, const SearchOptions& options) {
  base::ThreadPool pool(1);
  return search(reader, parts, options, pool);
}

/// The card of a search, with its id.
inline Card card_of(const std::filesystem::path& folder, const std::vector<QueryPart>& parts,
                    const SearchOptions& options = {}) {
  archive::Reader reader(folder);
  Card card = make_card(reader, parts, options, ask(reader, parts, options), {});
  card.id = id_of(card);
  return card;
}

inline Card card_of_item(const std::filesystem::path& folder, std::uint64_t row, const SearchOptions& options = {}) {
  archive::Reader reader(folder);
  return card_of(folder, {part_of_item(reader, row)}, options);
}

inline Replay replay_of(const std::filesystem::path& folder, const Card& card) {
  archive::Reader reader(folder);
  base::ThreadPool pool(1);
  return replay(reader, card, {}, pool);
}

inline void remove_study(Growing& archive, std::size_t study, bool erase) {
  Choice choice;
  choice.study = Growing::uid(study);
  remove(archive.writer(), find_removal(archive.writer().catalog(), choice), erase);
}

}  // namespace mi2::archive::cards
