// Reports and tables of IRMA codes: whatever the bytes, sections that are parts of the report and texts of the table's
// words, or a mi2::Error.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "base/utf8.hpp"
#include "recipe/steps/irma_codes.hpp"
#include "recipe/steps/odir_keywords.hpp"
#include "recipe/steps/report_sections.hpp"

namespace {

using namespace mi2::recipe;

constexpr std::size_t kCodeLength = std::string_view("****-000-000-***").size();

void check_sections(const std::vector<Section>& sections, std::size_t most) {
  std::size_t size = 0;
  for (const Section& section : sections) size += section.text.size();
  if (size > most) std::abort();
  const ReportTexts texts = texts_of(sections);
  for (const std::string* text : {&texts.findings, &texts.impression, &texts.last_paragraph, &texts.comparison}) {
    const std::string line = in_one_line(*text, false);
    if (line.find("  ") != std::string::npos || line.find('\n') != std::string::npos) std::abort();
    if (in_one_line(line, false) != line || in_one_line(*text, true).size() > line.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_sections(official_sections(text), size);
  // A line's end may have been a single one at the end of the text.
  check_sections(found_sections(text), size + 1);
  has_addendum(text);
  odir_keywords_of(text);
  try {
    const IrmaTable table = parse_irma_table(text, "fuzz");
    const IrmaTexts texts(table);
    for (const auto& [anatomy, label] : table[2]) {
      const auto found = irma_text(
          table, "1121-000-" + anatomy + std::string(3 - std::min<std::size_t>(3, anatomy.size()), '0') + "-000");
      if (found && mi2::base::utf8_prefix(*found) != found->size()) std::abort();
      if (const auto code = texts.code_of(found.value_or("")); code && code->size() != kCodeLength) std::abort();
    }
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
  try {
    parse_irma_axis(text, "fuzz");
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
  return 0;
}
