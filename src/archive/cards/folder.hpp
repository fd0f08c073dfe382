#pragma once
// A folder of cards. Each card is ID.json and ID.html, and names the card before it; chain.jsonl has them in order, so
// that a card that was removed or changed is noticed. Any number of processes may add to a folder at once.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/cards/card.hpp"
#include "base/progress.hpp"

namespace mi2::archive::cards {

inline constexpr std::size_t kMostCards = 100'000;  ///< of one folder

/// A line of chain.jsonl.
struct Link {
  std::string card;         ///< its id
  std::string html_sha256;  ///< of its page
  std::string previous;     ///< the card before; empty: the first

  friend bool operator==(const Link&, const Link&) = default;
};

/// With its line end.
std::string to_line(const Link& link);

/// The text of chain.jsonl.
struct Chain {
  std::vector<Link> links;
  std::size_t whole = 0;  ///< bytes of whole lines: what is behind them, a killed program did not come to write
};
/// @param name  what errors call it.
/// @throws Error{kBadFile} naming the line that is none; {kTooLarge} for more than kMostCards.
Chain parse_chain(std::string_view text, std::string_view name);

/// Whether a text is what ids look like: 64 hexadecimal digits. Only such a text may become the name of a file.
bool is_id(std::string_view text) noexcept;

std::filesystem::path chain_file(const std::filesystem::path& folder);
std::filesystem::path json_file(const std::filesystem::path& folder, std::string_view id);
std::filesystem::path html_file(const std::filesystem::path& folder, std::string_view id);

/// Reads ID.json, of any name. @throws as from_json(); Error{kNotFound}, {kBadFile}.
Card read_card(const std::filesystem::path& file);

/// Gives a card the one before and its id, and writes it to a folder, which is made if it is not there. Its files are
/// on the disk before its line is. A card that a killed program wrote without its line gets it first.
/// @param html  its page, called once the card has its id.
/// @throws Error{kBadFile} if the disk refuses or the chain is damaged; {kTooLarge} for a card over kMaxCardBytes, or
///         a full folder.
void add_card(const std::filesystem::path& folder, Card& card, const std::function<std::string(const Card&)>& html);

struct ChainReport {
  std::size_t cards = 0;              ///< that the chain names
  std::string last;                   ///< its last card; empty: there is none
  std::vector<std::string> problems;  ///< at most kMostChainProblems, and how many more
  std::vector<std::string> notes;     ///< what a killed program left
};
inline constexpr std::size_t kMostChainProblems = 100;

/// Reads every card and page of a folder and looks whether they are what the chain says. What it cannot notice: a
/// chain whose last cards were removed together with their lines, or that was written anew from some card on; compare
/// `last` with an id that was kept elsewhere.
/// @throws Error{kNotFound} without chain.jsonl; as parse_chain().
ChainReport verify_chain(const std::filesystem::path& folder, const base::OnProgress& on_progress);

}  // namespace mi2::archive::cards
