#include "recipe/steps/section_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/blanks.hpp"
#include "base/nearest.hpp"
#include "base/table.hpp"

namespace mi2::recipe {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

/// Names in use, and the one word for them.
constexpr std::array<Name, 33> kUsual{{
    {"addendum", "addendum"},
    {"clinical history", "history"},
    {"clinical indication", "indication"},
    {"clinical information", "history"},
    {"comment", "comment"},
    {"comparison", "comparison"},
    {"comparison exam", "comparison"},
    {"comparison film", "comparison"},
    {"comparisons", "comparison"},
    {"conclusion", "impression"},
    {"date", "date"},
    {"exam", "examination"},
    {"examination", "examination"},
    {"finding", "findings"},
    {"findings", "findings"},
    {"findings and impression", "impression"},
    {"findings/ impression", "impression"},
    {"findings/impression", "impression"},
    {"history", "history"},
    {"impression", "impression"},
    {"indication", "indication"},
    {"notification", "notification"},
    {"patient history", "history"},
    {"pfi", "history"},
    {"reason for exam", "indication"},
    {"reason for examination", "indication"},
    {"recommendation", "recommendations"},
    {"recommendation(s)", "recommendations"},
    {"recommendations", "recommendations"},
    {"reference exam", "comparison"},
    {"technique", "technique"},
    {"type of examination", "examination"},
    {"wet read", "wet read"},
}};

/// What the makers of MIMIC-CXR met besides; one of these is a misspelt indication that they count as an impression.
constexpr std::array<Name, 24> kOfficialToo{{
    {"chest, two views", "findings"},
    {"comparision", "comparison"},
    {"comparisions", "comparison"},
    {"comparrison", "comparison"},
    {"comparsion", "comparison"},
    {"findgings", "findings"},
    {"findindgs", "findings"},
    {"findins", "findings"},
    {"findngs", "findings"},
    {"findnings", "findings"},
    {"finidngs", "findings"},
    {"idication", "indication"},
    {"imoression", "impression"},
    {"imperssion", "impression"},
    {"impession", "impression"},
    {"impresion", "impression"},
    {"impressoin", "impression"},
    {"impresson", "impression"},
    {"imprression", "impression"},
    {"imprssion", "impression"},
    {"mpression", "impression"},
    {"ndication", "impression"},
    {"reference findings", "findings"},
    {"wetread", "wet read"},
}};

/// A name that has one of these in it is that, the first of them.
constexpr std::array<std::string_view, 5> kInside{"impression", "findings", "history", "comparison", "addendum"};

/// A title that says what was taken, with what is seen behind it.
constexpr std::array<std::string_view, 18> kViews{
    "chest",          "portable",       "pa and lateral",  "lateral and pa",
    "ap and lateral", "lateral and ap", "frontal and",     "two views",
    "frontal view",   "pa view",        "ap view",         "one view",
    "lateral view",   "bone window",    "frontal upright", "frontal semi-upright",
    "ribs",           "pa and lat"};

/// What misspelt names are compared with.
constexpr std::array<std::string_view, 8> kOften{"impression",  "findings",  "indication", "comparison",
                                                 "examination", "technique", "conclusion", "recommendation"};

template <std::size_t n>
std::optional<std::string_view> find_name(const std::array<Name, n>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, &Name::first);
  if (found == names.end()) return std::nullopt;
  return found->second;
}

template <std::size_t n>
std::optional<std::string_view> find_inside(const std::array<std::string_view, n>& words, std::string_view name) {
  for (const std::string_view word : words) {
    if (name.find(word) != std::string_view::npos) return word;
  }
  return std::nullopt;
}

/// The usual name that is at most two letters away.
std::optional<std::string_view> nearest_name(std::string_view name) {
  constexpr std::size_t kMostWrong = 2;
  constexpr std::size_t kShortest = 7;  // "history" and shorter words are near to others
  constexpr std::size_t kLongest = 20;
  if (name.size() < kShortest || name.size() > kLongest) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t wrong = kMostWrong + 1;
  for (const std::string_view often : kOften) {
    const std::size_t distance = base::edit_distance(name, often);
    if (distance >= wrong) continue;
    wrong = distance;
    best = often;
  }
  return best ? find_name(kUsual, *best) : std::nullopt;
}

std::string small_letters(std::string_view header) {
  return base::lower_ascii(base::without_blanks(header, " \t\n\v\f\r"));
}

}  // namespace

std::string official_name(std::string_view header) {
  std::string name = small_letters(header);
  if (const auto found = find_name(kUsual, name)) return std::string(*found);
  if (const auto found = find_name(kOfficialToo, name)) return std::string(*found);
  if (const auto found = find_inside(kInside, name)) return std::string(*found);
  if (find_inside(kViews, name)) return "findings";
  return name;
}

HeaderName read_header(std::string_view header) {
  std::string name = small_letters(header);
  if (const auto found = find_name(kUsual, name)) return {std::string(*found), HeaderKind::kSection};
  if (const auto found = find_inside(kInside, name)) return {std::string(*found), HeaderKind::kSection};
  if (const auto found = nearest_name(name)) return {std::string(*found), HeaderKind::kSection};
  if (name == "wetread" || name == "note") return {name == "note" ? "note" : "wet read", HeaderKind::kSection};
  if (find_inside(kViews, name)) return {"findings", HeaderKind::kView};
  return {std::move(name), HeaderKind::kHeading};
}

bool is_usual_name(std::string_view name) { return find_name(kUsual, name).has_value(); }

}  // namespace mi2::recipe
