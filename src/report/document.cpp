#include "report/document.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/html.hpp"
#include "base/utf8.hpp"
#include "report/page.hpp"

namespace mi2::report {
namespace {

constexpr std::string_view kBlank = "to be filled by the authors";
constexpr std::string_view kResearchLine =
    "> **Research use only.** Not a medical device; not for diagnosis or any other clinical decision.";

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += fmt::format(" {} |", escape_markdown(cell));
  return row + '\n';
}

std::string markdown_table(const Block& block) {
  const bool facts = block.kind == Block::Kind::kFacts;
  std::string text = facts ? std::string("| | |\n|---|---|\n") : std::string();
  for (std::size_t r = 0; r < block.rows.size(); ++r) {
    const std::vector<std::string>& row = block.rows[r];
    if (facts && row[1].empty()) {
      text += fmt::format("| {} | *{}* |\n", escape_markdown(row[0]), kBlank);
      continue;
    }
    text += markdown_row(row);
    if (facts || r > 0) continue;
    text += '|';
    for (std::size_t c = 0; c < row.size(); ++c) text += "---|";
    text += '\n';
  }
  return text;
}

std::string markdown_of(const Block& block) {
  switch (block.kind) {
    case Block::Kind::kHeading:
      return fmt::format("## {}\n", escape_markdown(block.text));
    case Block::Kind::kText:
      return escape_markdown(block.text) + '\n';
    case Block::Kind::kList: {
      std::string text;
      for (const std::string& item : block.items) text += fmt::format("- {}\n", escape_markdown(item));
      return text;
    }
    case Block::Kind::kTable:
    case Block::Kind::kFacts:
      return markdown_table(block);
    case Block::Kind::kSvg:
      break;
  }
  return {};
}

std::string html_table(const Block& block) {
  const bool facts = block.kind == Block::Kind::kFacts;
  std::string rows;
  for (std::size_t r = 0; r < block.rows.size(); ++r) {
    rows += "<tr>";
    for (std::size_t c = 0; c < block.rows[r].size(); ++c) {
      const std::string& cell = block.rows[r][c];
      const std::string_view tag = (facts ? c == 0 : r == 0) ? "th" : "td";
      rows += facts && cell.empty() ? fmt::format("<td class=\"blank\">{}</td>", kBlank)
                                    : fmt::format("<{0}>{1}</{0}>", tag, base::escape_html(cell));
    }
    rows += "</tr>\n";
  }
  return scrolling_table(rows);
}

std::string html_of(const Block& block) {
  switch (block.kind) {
    case Block::Kind::kHeading:
      return fmt::format("<h2>{}</h2>\n", base::escape_html(block.text));
    case Block::Kind::kText:
      return fmt::format("<p>{}</p>\n", base::escape_html(block.text));
    case Block::Kind::kList: {
      std::string text = "<ul>\n";
      for (const std::string& item : block.items) text += fmt::format("<li>{}</li>\n", base::escape_html(item));
      return text + "</ul>\n";
    }
    case Block::Kind::kTable:
    case Block::Kind::kFacts:
      return html_table(block);
    case Block::Kind::kSvg:
      break;
  }
  return plot_figure(block.text);
}

}  // namespace

Block heading(std::string text) { return {Block::Kind::kHeading, std::move(text), {}, {}}; }
Block paragraph(std::string text) { return {Block::Kind::kText, std::move(text), {}, {}}; }
Block list(std::vector<std::string> items) { return {Block::Kind::kList, {}, std::move(items), {}}; }
Block table(std::vector<std::vector<std::string>> rows) { return {Block::Kind::kTable, {}, {}, std::move(rows)}; }
Block svg(std::string text) { return {Block::Kind::kSvg, std::move(text), {}, {}}; }

Block facts(const std::vector<std::pair<std::string, std::string>>& rows) {
  Block block{Block::Kind::kFacts, {}, {}, {}};
  for (const auto& [asks, answer] : rows) block.rows.push_back({asks, answer});
  return block;
}

std::string escape_markdown(std::string_view text) {
  // A backslash before a mark that means nothing shows the mark. Those here make emphasis, code, links, addresses that
  // become links, tags, entities, cells and headings.
  constexpr std::string_view kMarks = "\\`*_[]<>|~&#@!$";
  std::string valid = base::replace_invalid_utf8(text);
  for (char& c : valid) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  valid.erase(0, valid.find_first_not_of(' '));  // many blanks in front make code
  const std::size_t digits = std::min(valid.find_first_not_of("0123456789"), valid.size());
  std::string safe;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    // "://" and "www." become links by themselves; "- " and "1. " at a start begin a list.
    const bool link =
        (c == ':' && valid.substr(i + 1, 2) == "//") || (c == '.' && i >= 3 && valid.substr(i - 3, 3) == "www");
    const bool ends = i + 1 == valid.size() || valid[i + 1] == ' ' || valid[i + 1] == '-';
    const bool start = ends && ((i == 0 && (c == '-' || c == '+')) || (i == digits && (c == '.' || c == ')')));
    if (link || start || kMarks.find(c) != std::string_view::npos) safe += '\\';
    safe += c;
  }
  return safe;
}

std::string to_markdown(const Document& document) {
  std::string text = fmt::format("# {}\n\n{}\n", escape_markdown(document.title), kResearchLine);
  for (const Block& block : document.blocks) {
    const std::string part = markdown_of(block);
    if (!part.empty()) text += '\n' + part;
  }
  return text;
}

std::string to_html(const Document& document) {
  std::string body;
  for (const Block& block : document.blocks) body += html_of(block);
  return page(document.title, body);
}

}  // namespace mi2::report
