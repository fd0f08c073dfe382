#include "dicom/results/secrets.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>

#include <fmt/format.h>

#include "dicom/attributes.hpp"
#include "dicom/results/basic_profile.hpp"
#include "dicom/results/copied_values.hpp"

namespace mi2::dicom::results {
namespace {

constexpr std::size_t kLong = 6;  // bytes; shorter words are found in any bytes, and in codes, by chance
/// What is written where nobody's name is known. Codes are the same: no grid, no correction of decay.
constexpr std::array kNobody =
    std::to_array<std::string_view>({"NONE", "NULL", "UNKNOWN", "ANON", "ANONYMOUS", "ANONYMIZED", "REMOVED"});
constexpr std::string_view kDigitsOnly = "0123456789";

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_long_number(std::string_view text) { return text.size() >= kLong && all_of(text, kDigitsOnly); }

void add_birth_date(const std::string& date, Secrets& secrets) {
  secrets.add(date, false);
  if (date.size() != 8 || !all_of(date, kDigitsOnly)) return;
  const std::string year = date.substr(0, 4);
  const std::string month = date.substr(4, 2);
  const std::string day = date.substr(6);
  for (const char* const between : {"-", ".", "/"}) {
    secrets.add(fmt::format("{1}{0}{2}{0}{3}", between, year, month, day), false);
    secrets.add(fmt::format("{1}{0}{2}{0}{3}", between, day, month, year), false);
    secrets.add(fmt::format("{1}{0}{2}{0}{3}", between, month, day, year), false);
  }
}

bool is_looked_for(const ProfileEntry& entry) {
  return entry.vr != "SQ" &&
         (entry.action == Action::kSecret || entry.action == Action::kHidden || entry.action == Action::kPseudonym);
}

void collect(const Item& from, Secrets& secrets) {
  constexpr std::size_t kMostBytes = 1024;
  for (const ProfileEntry& entry : basic_profile()) {
    if (entry.vr == "SQ") {
      for (std::uint64_t i = 0; const Item* inner = from.item(entry.tag, i); ++i) collect(*inner, secrets);
    } else if (const Element* element = is_looked_for(entry) ? from.find(entry.tag) : nullptr; element != nullptr) {
      secrets.all = secrets.all && element->value.size() <= kMostBytes;
      const std::string value = text_of(element->value, kMostBytes);
      if (entry.vr == "DA") {
        add_birth_date(trimmed(value), secrets);
      } else {
        secrets.add(value, entry.vr == "PN");
      }
    }
  }
}

}  // namespace

void Secrets::add(std::string_view value, bool split) {
  constexpr std::size_t kShortest = 4;
  constexpr std::size_t kMost = 256;
  const std::string_view between = split ? "^=\\ ,;/-" : "\\";
  while (!value.empty() && all) {
    const std::size_t end = std::min(value.find_first_of(between), value.size());
    const std::string word = trimmed(value.substr(0, end));
    std::vector<std::string>& to = word.size() >= kShortest ? words : short_words;
    if (word.size() > 1 && std::find(to.begin(), to.end(), word) == to.end()) {
      all = to.size() < kMost;
      if (all) to.push_back(word);
    }
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

Secrets secrets_of(const Item& data, const Identity& who) {
  Secrets secrets;
  secrets.words = who.secrets;
  collect(data, secrets);
  std::erase_if(secrets.words, [](const std::string& word) {
    return std::find(kNobody.begin(), kNobody.end(), upper(word)) != kNobody.end();
  });
  return secrets;
}

bool has_word(std::string_view text, const std::vector<std::string>& secrets) {
  const std::string all = upper(text);
  return std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) {
    const std::string word = upper(secret);
    const auto inside = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    for (std::size_t at = all.find(word); at != std::string::npos; at = all.find(word, at + 1)) {
      const std::size_t end = at + word.size();
      if (word.size() >= kLong) return true;
      if ((at == 0 || !inside(all[at - 1])) && (end == all.size() || !inside(all[end]))) return true;
    }
    return false;
  });
}

bool has_number(std::string_view text, const std::vector<std::string>& secrets) {
  const std::vector<std::string> values = values_of(text);
  return std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) {
    return is_long_number(secret) && std::any_of(values.begin(), values.end(), [&](std::string_view value) {
             value.remove_prefix(std::min(value.find_first_not_of("+-"), value.size()));
             return value.substr(0, value.find('.')) == secret;
           });
  });
}

bool bytes_name_somebody(std::string_view bytes, const std::vector<std::string>& secrets) {
  return std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) {
    // Flat areas of an image are one byte over and over.
    if (secret.size() < kLong || secret.find_first_not_of(secret.front()) == std::string::npos) return false;
    std::array<std::string, 4> forms{secret, upper(secret), lower(secret), lower(secret)};
    forms[3].front() = upper(forms[3].substr(0, 1)).front();
    std::sort(forms.begin(), forms.end());
    const auto* const end = std::unique(forms.begin(), forms.end());
    return std::any_of(forms.cbegin(), end, [&](const std::string& form) {
      const std::boyer_moore_horspool_searcher searcher(form.begin(), form.end());
      return std::search(bytes.begin(), bytes.end(), searcher) != bytes.end();
    });
  });
}

}  // namespace mi2::dicom::results
