#include "recipe/steps/report_sections.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/blanks.hpp"
#include "base/table.hpp"
#include "recipe/steps/section_names.hpp"

namespace mi2::recipe {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

std::string_view bare(std::string_view text) { return base::without_blanks(text, kBlanks); }

bool is_capital(char letter) { return letter >= 'A' && letter <= 'Z'; }
bool is_small(char letter) { return letter >= 'a' && letter <= 'z'; }

/// The next line, without what ends it, taken from `rest`.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end);
  if (rest.starts_with("\r\n")) rest.remove_prefix(1);
  if (!rest.empty()) rest.remove_prefix(1);
  return line;
}

/// A line of underscores, which "___" for a name is not.
bool is_divider(std::string_view line) {
  constexpr std::size_t kShortest = 10;
  const std::string_view text = bare(line);
  return text.size() >= kShortest && text.find_first_not_of('_') == std::string_view::npos;
}

bool may_be_header(std::string_view name) {
  constexpr std::string_view kSigns = " ()/,-&.'0123456789";
  constexpr std::size_t kFewestCapitals = 2;
  std::size_t capitals = 0;
  for (const char letter : name) {
    if (is_capital(letter))
      ++capitals;
    else if (kSigns.find(letter) == std::string_view::npos)
      return false;
  }
  return capitals >= kFewestCapitals && is_capital(name.front());
}

struct Header {
  HeaderName name;
  std::string_view text;  ///< behind it, of its line
};

std::optional<Header> header_of(std::string_view line) {
  constexpr std::size_t kLongest = 80;
  const std::string_view text = bare(line);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon > kLongest) {
    // "IMPRESSION" alone, its colon forgotten or mistyped.
    const std::string_view name = text.substr(0, text.find_last_not_of(".;") + 1);
    if (name.empty() || name.size() > kLongest || !may_be_header(name) || !is_usual_name(base::lower_ascii(name))) {
      return std::nullopt;
    }
    return Header{read_header(name), {}};
  }
  const std::string_view name = bare(text.substr(0, colon));
  if (name.empty()) return std::nullopt;
  if (is_usual_name(base::lower_ascii(name))) return Header{read_header(name), text.substr(colon + 1)};
  const bool open = colon + 1 == text.size() || kBlanks.find(text[colon + 1]) != std::string_view::npos;
  if (!open || !may_be_header(name)) return std::nullopt;
  return Header{read_header(name), text.substr(colon + 1)};
}

bool is_text(std::string_view name) { return name == "findings" || name == "impression"; }

/// What says nothing of the image, if it stands last.
bool is_aside(std::string_view name) {
  constexpr std::array<std::string_view, 6> kAsides{"notification", "recommendations", "wet read", "addendum", "date",
                                                    "note"};
  return std::ranges::find(kAsides, name) != kAsides.end();
}

/// Where the first empty line begins.
std::size_t find_empty_line(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t at = text.size() - rest.size();
    const std::string_view line = take_line(rest);
    if (at > 0 && bare(line).empty()) return at;
  }
  return std::string_view::npos;
}

/// Without the lines that have no small letter: titles.
std::string without_titles(std::string_view text) {
  std::string left;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (std::ranges::any_of(line, is_small)) left.append(line) += '\n';
  }
  return left;
}

/// Where nothing is called findings or impression, they are what stands last.
void add_last_paragraph(std::vector<Section>& sections) {
  for (std::size_t i = sections.size(); i-- > 0;) {
    Section& section = sections[i];
    if (is_aside(section.name)) continue;
    const std::size_t begin = find_empty_line(section.text);
    std::string left;
    if (section.name == "preamble") {
      left = without_titles(section.text);
    } else if (begin != std::string::npos) {
      left = section.text.substr(begin);
    }
    if (bare(left).empty()) continue;
    section.text.resize(section.name == "preamble" ? 0 : begin);
    sections.push_back({"last_paragraph", std::move(left)});
    return;
  }
}

}  // namespace

std::vector<Section> found_sections(std::string_view report) {
  std::vector<Section> sections{{"preamble", ""}};
  while (!report.empty()) {
    const std::string_view line = take_line(report);
    if (is_divider(line)) {
      sections.push_back({"preamble", ""});
      continue;
    }
    const auto header = header_of(line);
    const bool inside = header && header->name.kind != HeaderKind::kSection && is_text(sections.back().name);
    if (header && !inside) {
      sections.push_back({header->name.name, std::string(header->text)});
    } else {
      sections.back().text.append(line);
    }
    sections.back().text += '\n';
  }
  std::erase_if(sections, [](const Section& section) {
    return (is_text(section.name) || section.name == "preamble") && bare(section.text).empty();
  });
  if (std::ranges::none_of(sections, is_text, &Section::name)) add_last_paragraph(sections);
  return sections;
}

bool has_addendum(std::string_view report) {
  bool begun = false;
  while (!report.empty()) {
    const std::string_view line = take_line(report);
    if (!is_divider(line)) {
      begun = begun || !bare(line).empty();
    } else if (begun && !bare(report).empty()) {
      return true;
    }
  }
  return false;
}

ReportTexts texts_of(std::span<const Section> sections) {
  ReportTexts texts;
  const auto take = [](const Section& section, std::string& into) {
    if (const std::string_view text = bare(section.text); !text.empty()) into = text;
  };
  for (const Section& section : sections) {
    if (section.name == "impression") take(section, texts.impression);
    if (section.name == "findings") take(section, texts.findings);
    if (section.name == "last_paragraph") take(section, texts.last_paragraph);
    if (section.name == "comparison") take(section, texts.comparison);
  }
  return texts;
}

std::string in_one_line(std::string_view text, bool without_gaps) {
  constexpr unsigned char kLastControl = 0x20;
  constexpr std::size_t kGap = 3;
  std::string line;
  bool blank = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (without_gaps && text[i] == '_') {
      const std::size_t end = std::min(text.find_first_not_of('_', i), text.size());
      if (end - i >= kGap) {
        i = end - 1;
        blank = true;
        continue;
      }
    }
    if (static_cast<unsigned char>(text[i]) <= kLastControl || text[i] == '\x7F') {
      blank = true;
      continue;
    }
    if (blank && !line.empty()) line += ' ';
    blank = false;
    line += text[i];
  }
  return line;
}

}  // namespace mi2::recipe
