#pragma once
// What a dataset needs beyond its recipe's words: a function that fills or changes rows.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"
#include "recipe/listing.hpp"
#include "recipe/rows.hpp"

namespace mi2::recipe {

/// What was found on the way, for recipe.json and the user.
struct Notes {
  std::vector<std::string> warnings;
  /// Rows that are not used, by reason.
  std::map<std::string, std::uint64_t> excluded;
  /// Counts that a step makes, by name: "reports with both sections".
  std::map<std::string, std::uint64_t> counts;
};

struct Job {
  const Listing& files;
  /// The recipe's settings, as chosen or by default.
  const std::map<std::string, std::string>& settings;
  std::uint64_t seed = 0;
  std::filesystem::path out;  ///< where a step may write images that the dataset does not have as files
  Notes& notes;
  const base::OnProgress& progress;

  /// @throws std::out_of_range for a setting that the recipe does not declare: a fault of the recipe.
  [[nodiscard]] const std::string& setting(const std::string& name) const { return settings.at(name); }
};

/// @throws Error for a dataset that is not what the recipe expects. A row that cannot be used is taken out and counted
///         in Notes::excluded, never dropped in silence.
using Step = void (*)(Job& job, Rows& rows);

/// The step that a recipe names. @throws Error{kBadArgument} naming those there are.
Step find_step(std::string_view name);

}  // namespace mi2::recipe
