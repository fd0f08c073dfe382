#pragma once
// Pages that are Markdown and HTML alike: what is on them is written once. All text is plain: none of it is markup.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mi2::report {

struct Block {
  enum class Kind : std::uint8_t { kHeading, kText, kList, kTable, kFacts, kSvg };
  Kind kind = Kind::kText;
  std::string text;                            ///< of a heading, a paragraph; an SVG of our own
  std::vector<std::string> items;              ///< of a list
  std::vector<std::vector<std::string>> rows;  ///< of a table, its header first; of facts, two cells each
};

Block heading(std::string text);
Block paragraph(std::string text);
Block list(std::vector<std::string> items);
Block table(std::vector<std::vector<std::string>> rows);
/// What is asked and the answer; an empty one is for the authors to fill.
Block facts(const std::vector<std::pair<std::string, std::string>>& rows);
/// Shown in HTML alone.
Block svg(std::string text);

struct Document {
  std::string title;
  std::vector<Block> blocks;
};

/// In the Markdown that GitHub and model hubs read.
std::string to_markdown(const Document& document);
/// One page that needs no other file.
std::string to_html(const Document& document);

/// Text in which nothing means something to Markdown or HTML; line ends become blanks.
std::string escape_markdown(std::string_view text);

}  // namespace mi2::report
