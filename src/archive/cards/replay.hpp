#pragma once
// A card's search again, as of its snapshot, and what is not as the card has it.

#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/matrix.hpp>
#include <mi2/provenance.hpp>

#include "archive/cards/card.hpp"
#include "archive/reader.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::cards {

/// One thing that is not the same. Texts name numbers of items, no tags and no identifiers.
struct Difference {
  std::string_view what;  ///< "erased", "missing", "new", "rank", "score", "object", "verdict", "searched", "query"
  std::size_t rank = 0;   ///< on the card; of "new": now; 0: of no result
  std::string text;
};

struct Replay {
  std::vector<Difference> differences;
  std::vector<std::string> notes;  ///< what does not make the results others, but is to be known

  [[nodiscard]] bool same() const noexcept { return differences.empty(); }
};

struct ReplayOptions {
  std::string name;              ///< what errors call the archive; empty: its folder
  base::OnProgress on_progress;  ///< while codes are made
  std::stop_token stop;
};

/// Searches an archive with a card's vectors, as of its snapshot: rows that were added since do not count, rows that
/// were deleted since do, as long as their vectors are there. Scores are compared to the last bit.
/// @throws Error{kBadArgument} if it is not the card's archive, or an older copy of it; as search().
Replay replay(Reader& archive, const Card& card, const ReplayOptions& options, base::ThreadPool& pool);

/// The words of a card, for a model to embed again, in one batch as the search did. @param away  those with a negative
/// weight.
std::vector<std::string> texts_of(const Card& card, bool away);
/// Compares what a model makes of texts_of() with the card's vectors, to the last bit.
/// @param vectors  [texts, Card::dimensions]; `by`: what computed them.
void compare_texts(const Card& card, bool away, const EmbeddingMatrix& vectors, const Provenance& by, Replay& replay);

/// {"card": .., "same": .., "differences": [{"what": .., "rank": .., "text": ..}, ..], "notes": [..]}
std::string to_json(const Card& card, const Replay& replay);

}  // namespace mi2::archive::cards
