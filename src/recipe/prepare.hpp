#pragma once
// A dataset on disk, by its recipe, as a manifest.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.hpp"
#include "recipe/recipe.hpp"
#include "recipe/rows.hpp"
#include "recipe/stages.hpp"

namespace mi2::recipe {

struct PrepareOptions {
  std::filesystem::path root;                   ///< of the dataset; never written to
  std::filesystem::path out;                    ///< where steps may write images
  std::string protocol;                         ///< which of the recipe's splits; empty: the first
  std::uint64_t seed = 0;                       ///< of what is drawn
  std::map<std::string, std::string> settings;  ///< of the recipe, where not by default
};

/// A count of ours beside what is published.
struct Compared {
  std::string what;  ///< "images", "label Melanoma"
  std::uint64_t found = 0;
  std::uint64_t published = 0;
};

/// A file of which an MD5 is published.
struct CheckedFile {
  std::string path;  ///< from the root
  std::string md5;
  std::string published;
};

struct Prepared {
  const Recipe* recipe = nullptr;
  SplitRule split;
  std::uint64_t seed = 0;
  std::map<std::string, std::string> settings;  ///< all, as used
  std::string root;
  std::string listing_sha256;
  std::size_t files = 0;
  std::vector<CheckedFile> checked;
  /// Sorted by id: `file`, `id`, `label` and `caption` or the recipe's captions, `split`, the recipe's attributes.
  Rows rows;
  Words prompts;
  Notes notes;
  Leaks leaks;
  std::uint64_t patients = 0;
  std::map<std::string, std::map<std::string, std::uint64_t>> images;  ///< by label, by split
  std::map<std::string, std::uint64_t> splits;                         ///< images of each
  std::vector<Compared> compared;
};

/// @param recipe  must outlive the answer.
/// @throws Error{kNotFound}, {kBadFile} for a dataset that is not what the recipe expects or leaves no row;
/// {kBadArgument} for a
///         protocol or setting that the recipe does not have.
Prepared prepare(const Recipe& recipe, const PrepareOptions& options, const base::OnProgress& progress);

/// Those counts that are not as published.
std::vector<Compared> differences_of(const Prepared& prepared);

/// manifest.csv: a row per image, as `mi2 train` and `mi2 evaluate --labels` read it.
std::string manifest_csv(const Prepared& prepared);
/// prompts.csv: the labels that a model chooses among, with their texts.
std::string prompts_csv(const Prepared& prepared);
/// recipe.json: where every number comes from.
std::string recipe_json(const Prepared& prepared);
/// What a terminal shows of it.
std::string summary_text(const Prepared& prepared);

}  // namespace mi2::recipe
