#include "recipe/steps/odir_keywords.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/hash.hpp"
#include "base/table.hpp"
#include "recipe/recipe.hpp"
#include "recipe/stages.hpp"
#include "recipe/steps.hpp"
#include "recipe/steps/named_files.hpp"

namespace mi2::recipe {
namespace {

constexpr std::string_view kFullWidthComma = "\xEF\xBC\x8C";
constexpr std::string_view kTextStart = "retinal fundus ";
constexpr std::string_view kPreprocessed = "preprocessed";
constexpr std::array<std::string_view, 2> kEyes{"left", "right"};

/// The eye's columns in the table of patients.
struct Eye {
  std::string_view name;
  std::size_t image = 0;
  std::size_t keywords = 0;
};

/// The keywords that have a published text, as it spells them.
std::map<std::string, std::string> published_keywords() {
  std::map<std::string, std::string> found;
  for (const std::string& text : label_texts()) {
    if (!text.starts_with(kTextStart)) continue;
    const std::string keyword = text.substr(kTextStart.size());
    found.emplace(with_single_blanks(keyword), keyword);
  }
  return found;
}

/// A row per patient: a table with a row per image says all of a patient in each.
void merge_patients(Rows& rows, const std::vector<Eye>& eyes, Notes& notes) {
  const std::size_t patient = rows.need("patient");
  std::unordered_map<std::string, Row> first;
  std::uint64_t again = 0;
  std::erase_if(rows.all(), [&](const Row& row) {
    const auto [other, is_new] = first.try_emplace(row.fields[patient], row);
    if (is_new) return false;
    for (const Eye& eye : eyes) {
      if (other->second.fields[eye.image] == row.fields[eye.image] &&
          other->second.fields[eye.keywords] == row.fields[eye.keywords]) {
        continue;
      }
      throw Error(Code::kBadFile,
                  fmt::format("{}: has the patient of {}, and other eyes", rows.where(row), rows.where(other->second)));
    }
    ++again;
    return true;
  });
  notes.counts["patients in the table"] = first.size();
  if (again > 0) notes.counts["rows of a patient that the table has already"] = again;
}

/// Instead of a row per patient, one per eye, its columns `image`, `keywords` and `eye` set.
void make_eyes(Rows& rows, const std::vector<Eye>& eyes) {
  const std::size_t image = rows.column("image");
  const std::size_t keywords = rows.column("keywords");
  const std::size_t side = rows.column("eye");
  std::vector<Row> made;
  made.reserve(rows.all().size() * eyes.size());
  for (const Row& row : rows.all()) {
    for (const Eye& eye : eyes) {
      Row& one = made.emplace_back(row);
      one.fields[image] = row.fields[eye.image];
      one.fields[keywords] = row.fields[eye.keywords];
      one.fields[side] = eye.name;
    }
  }
  rows.all() = std::move(made);
}

/// Finds the photographs as they came or as a copy of the dataset has them processed, never both.
void find_photographs(Job& job, Rows& rows) {
  const bool processed = job.setting("images") == "preprocessed";
  const NamedFiles files(
      job.files,
      [&](std::string_view path) {
        return (base::lower_ascii(path.substr(0, path.rfind('/') + 1)).find(kPreprocessed) != std::string::npos) ==
               processed;
      },
      [](std::string_view name) { return base::lower_ascii(name); });
  const std::size_t image = rows.need("image");
  const std::size_t file = rows.column("file");
  exclude_rows(rows, job.notes, [&](Row& row) -> std::string {
    if (row.fields[image].empty()) return "without an image in the table";
    const auto found = files.find(base::lower_ascii(row.fields[image]));
    if (!found) return "no file of that name";
    row.fields[file] = job.files.whole(*found).string();
    return "";
  });
}

/// What is left of an eye's keywords: those of its photograph go where any other stands beside them.
std::vector<std::string> cleaned(std::vector<std::string> keywords, bool drop_quality) {
  std::erase(keywords, "lens dust");
  const bool other = std::ranges::any_of(keywords, [](const std::string& word) { return !is_about_quality(word); });
  if (drop_quality && other) std::erase_if(keywords, [](const std::string& word) { return is_about_quality(word); });
  return keywords;
}

void label_eyes(Job& job, const std::map<std::string, std::string>& published, Rows& rows) {
  const bool drop = job.setting("quality") == "drop";
  const std::size_t keywords = rows.need("keywords");
  const std::size_t label = rows.column("label");
  auto& counts = job.notes.counts;
  counts["eyes"] = rows.all().size();
  exclude_rows(rows, job.notes, [&](Row& row) -> std::string {
    const std::vector<std::string> words = odir_keywords_of(row.fields[keywords]);
    const std::vector<std::string> with = cleaned(words, false);
    const std::vector<std::string> without = cleaned(words, true);
    if (with.size() == 1) ++counts["eyes with one keyword, words on quality counted"];
    if (without.size() == 1) ++counts["eyes with one keyword, words on quality left out"];
    const std::vector<std::string>& left = drop ? without : with;
    if (words.empty()) return "without a keyword";
    if (left.empty()) return "with no keyword but lens dust";
    if (left.size() > 1) return "with several keywords";
    const auto found = published.find(with_single_blanks(left.front()));
    row.fields[label] = found == published.end() ? left.front() : found->second;
    return "";
  });
}

/// The published split is of keywords alone: a fifth of each frequent one, whoever's eye it is.
void draw_published(Job& job, const std::set<std::string>& published, Rows& rows) {
  constexpr std::size_t kMostKeywords = 30;
  constexpr std::size_t kFewestEyes = 10;
  constexpr std::size_t kPart = 5;
  const std::size_t image = rows.need("image");
  const std::size_t label = rows.need("label");
  const std::size_t split = rows.column("published_split");
  // The order of hashes is drawn anew by each seed and does not depend on the order of rows.
  std::map<std::string, std::vector<std::pair<std::string, Row*>>> eyes;
  for (Row& row : rows.all()) {
    row.fields[split] = "train";
    if (!published.contains(row.fields[label])) continue;
    const std::string text = fmt::format("{} {}", job.seed, row.fields[image]);
    eyes[row.fields[label]].emplace_back(base::sha256_hex(std::as_bytes(std::span(text))), &row);
  }
  std::vector<std::vector<std::pair<std::string, Row*>>*> frequent;
  for (auto& [keyword, list] : eyes) {
    if (list.size() >= kFewestEyes) frequent.push_back(&list);
  }
  std::ranges::stable_sort(frequent, [](const auto* a, const auto* b) { return a->size() > b->size(); });
  frequent.resize(std::min(frequent.size(), kMostKeywords));
  for (auto* list : frequent) {
    std::ranges::sort(*list, {}, [](const auto& eye) { return eye.first; });
    const std::size_t drawn = (list->size() + kPart / 2) / kPart;
    for (std::size_t i = 0; i < drawn; ++i) (*list)[i].second->fields[split] = "test";
  }
  job.notes.counts["keywords that the published split draws from"] = frequent.size();
}

}  // namespace

std::vector<std::string> odir_keywords_of(std::string_view cell) {
  std::vector<std::string> found;
  while (true) {
    const std::size_t wide = std::min(cell.find(kFullWidthComma), cell.size());
    const std::size_t end = std::min(cell.find(','), wide);
    std::string word = base::lower_ascii(base::without_blanks(cell.substr(0, end), " \t\r\n"));
    if (!word.empty() && std::ranges::find(found, word) == found.end()) found.push_back(std::move(word));
    if (end == cell.size()) return found;
    cell.remove_prefix(end + (end == wide ? kFullWidthComma.size() : 1));
  }
}

bool is_about_quality(std::string_view keyword) {
  constexpr std::array<std::string_view, 6> kWords{
      "anterior segment image", "image offset",    "lens dust",
      "low image quality",      "no fundus image", "optic disk photographically invisible"};
  return std::ranges::find(kWords, keyword) != kWords.end();
}

std::string with_single_blanks(std::string_view text) {
  std::string single;
  for (const char letter : text) {
    if (letter != ' ' || !single.ends_with(' ')) single += letter;
  }
  return single;
}

void odir_keywords(Job& job, Rows& rows) {
  std::vector<Eye> eyes;
  for (const std::string_view name : kEyes) {
    eyes.push_back({name, rows.need(fmt::format("{}_image", name)), rows.need(fmt::format("{}_keywords", name))});
  }
  merge_patients(rows, eyes, job.notes);
  make_eyes(rows, eyes);
  find_photographs(job, rows);
  const std::map<std::string, std::string> published = published_keywords();
  label_eyes(job, published, rows);
  std::set<std::string> labels;
  for (const auto& [keyword, label] : published) labels.insert(label);
  draw_published(job, labels, rows);
}

}  // namespace mi2::recipe
