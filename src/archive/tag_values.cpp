#include "archive/tag_values.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/table.hpp"

namespace mi2::archive {
namespace {

/// How words begin, and what they say then. Of several the first in this order counts: a "T2 FLAIR" is a FLAIR, an
/// "ADC of DWI" an ADC.
struct SequenceWord {
  std::string_view begins;
  std::string_view sequence;
};
constexpr auto kSequenceWords = std::to_array<SequenceWord>({
    {"localizer", "localizer"},
    {"localiser", "localizer"},
    {"scout", "localizer"},
    {"survey", "localizer"},
    {"adc", "ADC"},
    {"dwi", "DWI"},
    {"dti", "DWI"},
    {"diff", "DWI"},
    {"swi", "SWI"},
    {"swan", "SWI"},
    {"tof", "MRA"},
    {"mra", "MRA"},
    {"angio", "MRA"},
    {"perf", "perfusion"},
    {"pwi", "perfusion"},
    {"dsc", "perfusion"},
    {"dce", "perfusion"},
    {"asl", "perfusion"},
    {"t2*", "T2*"},
    {"t2star", "T2*"},
    {"stir", "STIR"},
    {"tirm", "STIR"},
    {"t1", "T1"},
    {"mprage", "T1"},
    {"bravo", "T1"},
    {"flair", "FLAIR"},
    {"t2", "T2"},
    {"pd", "PD"},
    {"proton", "PD"},
});

/// Small words of letters, digits and '*': "T2*_tra-3mm" is t2*, tra and 3mm.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : base::lower_ascii(text)) {
    const bool inside = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '*';
    if (inside) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  return words;
}

/// "t1w", but no "t12": that is a vertebra.
bool begins(const std::string& word, std::string_view with) {
  if (!word.starts_with(with)) return false;
  const char next = word.size() > with.size() ? word[with.size()] : ' ';
  return with.size() > 2 || next < '0' || next > '9';
}

/// Some write in words that they gave none.
bool is_agent(std::string_view text) {
  constexpr std::array<std::string_view, 9> kNone{"none", "no", "n", "n/a", "without", "w/o", "native", "non", "0"};
  std::string word = base::lower_ascii(text);
  std::erase_if(word, [](char c) { return c == ' ' || c == '.' || c == '-'; });
  return !word.empty() && std::find(kNone.begin(), kNone.end(), word) == kNone.end();
}

Column contrasts(Catalog& catalog, std::uint64_t rows) {
  const Column modality(catalog, "modality", rows);
  const Column agent(catalog, "contrast", rows);
  return {rows, [&](std::uint64_t row) -> std::string {
            if (is_agent(agent.of(row))) return "yes";
            const std::string& kind = modality.of(row);
            return kind == "CT" || kind == "MR" ? "no" : "";
          }};
}

Column sequences(Catalog& catalog, std::uint64_t rows) {
  const Column modality(catalog, "modality", rows);
  const Column description(catalog, "series_description", rows);
  const Column protocol(catalog, "protocol", rows);
  return {rows, [&](std::uint64_t row) -> std::string {
            if (modality.of(row) != "MR") return {};
            std::string said = sequence_of(description.of(row));
            return said.empty() ? sequence_of(protocol.of(row)) : said;
          }};
}

}  // namespace

std::string sequence_of(std::string_view description) {
  const std::vector<std::string> words = words_of(description);
  for (const SequenceWord& known : kSequenceWords) {
    const bool there =
        std::any_of(words.begin(), words.end(), [&](const std::string& word) { return begins(word, known.begins); });
    if (there) return std::string(known.sequence);
  }
  return {};
}

Column tag_column(Catalog& catalog, std::string_view field, std::uint64_t rows) {
  if (field == "contrast") return contrasts(catalog, rows);
  if (field == "sequence") return sequences(catalog, rows);
  return {catalog, field, rows};
}

}  // namespace mi2::archive
