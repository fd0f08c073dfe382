#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/blanks.hpp"
#include "recipe/steps/report_sections.hpp"
#include "recipe/steps/section_names.hpp"

namespace mi2::recipe {
namespace {

constexpr std::string_view kOfficialBlanks = " \t\n\v\f\r";
constexpr std::string_view kHeaderLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ ()/,-";
constexpr std::string_view kParagraph = "\n \n";

/// Line breaks as the makers' program sees them.
std::string with_plain_line_breaks(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    plain += text[i] == '\r' ? '\n' : text[i];
  }
  return plain;
}

struct OfficialHeader {
  std::size_t line_break = 0;  ///< before it
  std::string_view name;
  std::size_t name_at = 0;
  std::size_t text_at = 0;  ///< behind the colon and one blank
};

std::optional<OfficialHeader> next_header(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find("\n ", from); at != std::string_view::npos; at = text.find("\n ", at + 1)) {
    const std::size_t begin = at + 2;
    const std::size_t colon = text.find_first_not_of(kHeaderLetters, begin);
    if (colon == std::string_view::npos || colon == begin || text[colon] != ':') continue;
    if (colon + 1 == text.size() || kOfficialBlanks.find(text[colon + 1]) == std::string_view::npos) continue;
    return OfficialHeader{at, text.substr(begin, colon - begin), begin, colon + 2};
  }
  return std::nullopt;
}

std::vector<Section> divide_by_headers(std::string_view text) {
  std::optional<OfficialHeader> header = next_header(text, 0);
  if (!header) return {{"full report", std::string(text)}};
  std::vector<Section> sections{{"preamble", std::string(text.substr(0, header->name_at))}};
  while (header) {
    const std::size_t begin = header->text_at;
    // A header in the line of another is text.
    const std::size_t line_end = text.find('\n', begin);
    const auto next = next_header(text, line_end == std::string_view::npos ? begin : line_end);
    const std::size_t end = next ? next->line_break : text.size();
    sections.push_back({official_name(header->name), std::string(text.substr(begin, end - begin))});
    header = next;
  }
  return sections;
}

bool is_said(const std::vector<Section>& sections) {
  return std::ranges::any_of(
      sections, [](const Section& section) { return section.name == "impression" || section.name == "findings"; });
}

}  // namespace

std::vector<Section> official_sections(std::string_view report) {
  std::vector<Section> sections = divide_by_headers(with_plain_line_breaks(report));
  std::erase_if(sections, [](const Section& section) {
    return (section.name == "impression" || section.name == "findings") &&
           base::without_blanks(section.text, kOfficialBlanks).empty();
  });
  if (is_said(sections) || sections.empty()) return sections;
  std::string& last = sections.back().text;
  const std::size_t paragraph = last.find(kParagraph);
  if (paragraph == std::string::npos) return sections;
  Section left{"last_paragraph", last.substr(paragraph + kParagraph.size())};
  last.resize(paragraph);
  sections.push_back(std::move(left));
  return sections;
}

}  // namespace mi2::recipe
