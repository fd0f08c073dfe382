#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/hash.hpp"
#include "base/quotes.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "recipe/paths.hpp"
#include "recipe/stages.hpp"
#include "recipe/template.hpp"

namespace mi2::recipe {
namespace {

using By = ImageRule::By;

/// Endings of what lies beside images.
constexpr std::array<std::string_view, 14> kNoImages{".csv",  ".tsv",  ".txt", ".gz", ".xlsx", ".xls", ".xml",
                                                     ".json", ".html", ".pdf", ".md", ".zip",  ".mat", ".h5"};

/// "00001880" and "1880" are one number. @returns nothing for what is none.
std::optional<std::string> number_of(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const std::size_t first = text.find_first_not_of('0');
  return std::string(first == std::string_view::npos ? "0" : text.substr(first));
}

/// What a path, or a row's key, is looked up by.
std::optional<std::string> key_of(std::string_view text, By by, bool of_file) {
  switch (by) {
    case By::kStem:
      return std::string(of_file ? file_stem(text) : text);
    case By::kName:
    case By::kPath:
      return std::string(file_name(text));
    case By::kNumber:
      return number_of(of_file ? file_stem(text) : text);
  }
  return std::nullopt;
}

class Images {
 public:
  Images(const Listing& files, By by) : listing_(files), by_(by) {
    for (const Listing::File& file : files.files()) {
      if (!is_image_name(file.path)) continue;
      if (auto key = key_of(file.path, by_, true)) files_[std::move(*key)].push_back(&file);
    }
  }

  /// @param within  a text that the path holds. @param strict  rows of other texts have the key too, so that nothing
  ///                else will do. @param why  is set where there is none.
  [[nodiscard]] const Listing::File* find(std::string_view cell, std::string_view within, bool strict,
                                          std::string& why) const {
    const auto key = key_of(cell, by_, false);
    const auto found = key ? files_.find(*key) : files_.end();
    std::vector<const Listing::File*> left;
    if (found != files_.end()) left = found->second;
    if (by_ == By::kPath) std::erase_if(left, [&](const Listing::File* file) { return !ends_in(file->path, cell); });
    const auto inside = [&](const Listing::File* file) {
      return base::lower_ascii(file->path).find(base::lower_ascii(within)) != std::string::npos;
    };
    if (strict || std::ranges::any_of(left, inside)) std::erase_if(left, std::not_fn(inside));
    // Unpacked twice, a dataset has the same files in folders inside each other.
    const auto best =
        std::ranges::min_element(left, {}, [](const Listing::File* file) { return depth_of(file->path); });
    const auto differs = [&](const Listing::File* file) { return file != *best && !are_equal(*file, **best); };
    if (best == left.end()) {
      why = "no file of that name";
    } else if (std::ranges::any_of(left, differs)) {
      why = "several files of that name";
    } else if ((*best)->bytes == 0) {
      why = "an empty file";
    } else {
      return *best;
    }
    return nullptr;
  }

 private:
  [[nodiscard]] bool are_equal(const Listing::File& a, const Listing::File& b) const {
    return a.bytes == b.bytes && base::sha256_hex(listing_.whole(a.path)) == base::sha256_hex(listing_.whole(b.path));
  }

  const Listing& listing_;
  By by_;
  std::unordered_map<std::string, std::vector<const Listing::File*>> files_;
};

/// Two rows of one id are one row written twice, or say that the table is not what it should be.
void refuse_duplicates(Rows& rows, std::size_t id, Notes& notes) {
  std::unordered_map<std::string, Row> first;
  exclude_rows(rows, notes, [&](const Row& row) -> std::string {
    const auto [other, is_new] = first.try_emplace(row.fields[id], row);
    if (is_new) return "";
    if (other->second.fields != row.fields) {
      throw Error(Code::kBadFile, fmt::format("{}: has the id {} of {} and differs from it", rows.where(row),
                                              base::in_quotes(row.fields[id]), rows.where(other->second)));
    }
    return "listed twice";
  });
}

/// The keys that rows of several places have.
std::set<std::string> shared_keys(const Rows& rows, std::size_t key, const std::optional<std::size_t>& within, By by) {
  std::map<std::string, std::string> place_of;
  std::set<std::string> shared;
  for (const Row& row : rows.all()) {
    const auto name = within ? key_of(row.fields[key], by, false) : std::nullopt;
    if (!name) continue;
    const auto [known, is_new] = place_of.emplace(*name, row.fields[*within]);
    if (!is_new && known->second != row.fields[*within]) shared.insert(*name);
  }
  return shared;
}

}  // namespace

bool is_image_name(std::string_view path) {
  const std::string ending = base::lower_ascii(std::filesystem::path(path).extension().string());
  return std::ranges::find(kNoImages, ending) == kNoImages.end();
}

void find_images(const Recipe& recipe, const Listing& files, Rows& rows, Notes& notes) {
  const std::size_t file = rows.column("file");
  const bool named_already = rows.find("id").has_value();
  const std::size_t id = rows.column("id");
  if (!recipe.image.key.empty()) {
    const Images images(files, recipe.image.by);
    const std::size_t key = rows.need(recipe.image.key);
    const auto within = recipe.image.within.empty() ? std::nullopt : std::optional(rows.need(recipe.image.within));
    const std::set<std::string> shared = shared_keys(rows, key, within, recipe.image.by);
    exclude_rows(rows, notes, [&](Row& row) -> std::string {
      if (!row.fields[file].empty()) return "";
      const bool strict = within && shared.contains(key_of(row.fields[key], recipe.image.by, false).value_or(""));
      const std::string place = within ? row.fields[*within] : std::string();
      std::string why;
      if (const Listing::File* found = images.find(row.fields[key], place, strict, why)) {
        row.fields[file] = files.whole(found->path).string();
      }
      return why;
    });
  }
  exclude_rows(rows, notes, [&](const Row& row) -> std::string {
    const std::string& path = row.fields[file];
    if (path.empty()) return "no file of that name";
    // A manifest is UTF-8: it could not say where the file is.
    return base::utf8_prefix(path) == path.size() ? "" : "a file whose path is not UTF-8";
  });
  const bool has_ids = recipe.id.empty() && named_already;
  const bool by_path = !recipe.image.key.empty() && recipe.image.by == ImageRule::By::kPath;
  if (has_ids) {
    // A column of that name says.
  } else if (recipe.id.empty() && !by_path) {
    for (Row& row : rows.all()) row.fields[id] = file_stem(row.fields[file]);
  } else {
    const Template name = Template::of_column(by_path && recipe.id.empty() ? recipe.image.key : recipe.id, rows);
    for (Row& row : rows.all()) row.fields[id] = name.text(row);
  }
  refuse_duplicates(rows, id, notes);
}

}  // namespace mi2::recipe
