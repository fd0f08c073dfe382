#pragma once
// mi2 evaluate NAME: a published dataset on disk, through a model, to reports.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "recipe/prepare.hpp"
#include "report/analysis.hpp"

namespace mi2::cli {

struct DatasetEvaluation {
  std::string name;    ///< of a built-in recipe, or
  std::string recipe;  ///< a file
  std::vector<std::string> settings;
  recipe::PrepareOptions options;
  ModelArguments model;
  std::string out;
  std::string cache;  ///< empty: in `out`
  std::vector<std::string> ways;
  report::AnalysisOptions analysis;
};

/// Prepares the dataset, embeds what is not in the cache, and writes a report per way of answering and one page above
/// them. @returns the exit status.
int evaluate_dataset(DatasetEvaluation& evaluation);

/// The same of every built-in recipe with a benchmark whose folder is below `root`, called as the recipe; a table of
/// what is published beside what was found. A dataset that fails is named, and the others go on.
int evaluate_all(DatasetEvaluation& evaluation);

/// Writes the files of a report into a folder, made if it is not there.
void write_report(const std::string& out, const report::Analysis& analysis);

/// "key=value" of each --set. @throws Error{kBadArgument}.
std::map<std::string, std::string> parse_settings(const std::vector<std::string>& given);

/// The recipe that is named, or read from a file into `own`.
const recipe::Recipe& chosen_recipe(const std::string& name, const std::string& file,
                                    std::optional<recipe::Recipe>& own);

}  // namespace mi2::cli
