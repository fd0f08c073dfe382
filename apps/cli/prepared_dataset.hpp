#pragma once
// A dataset on disk, prepared by its recipe into a folder: for mi2 dataset and mi2 evaluate.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "recipe/prepare.hpp"

namespace mi2::cli {

/// The recipe that is named, or read from a file into `own`.
/// @throws Error{kBadArgument} unless it is one of both.
const recipe::Recipe& chosen_recipe(const std::string& name, const std::string& file,
                                    std::optional<recipe::Recipe>& own);

struct PrepareArguments {
  recipe::PrepareOptions options;     ///< without `out` and `settings`
  std::vector<std::string> settings;  ///< "key=value" of each --set
};

/// Makes the folder, prepares with a bar, and says what is to be warned of.
/// @throws as recipe::prepare; Error{kBadArgument} for a setting that is none, or a folder inside the dataset's.
recipe::Prepared prepare_dataset(const recipe::Recipe& recipe, PrepareArguments arguments,
                                 const std::filesystem::path& folder);

/// manifest.csv, prompts.csv and recipe.json: all of them or none.
void write_dataset(const std::filesystem::path& folder, const recipe::Prepared& prepared);

}  // namespace mi2::cli
