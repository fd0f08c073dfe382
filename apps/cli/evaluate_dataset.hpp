#pragma once
// mi2 evaluate NAME: a published dataset on disk, through a model, to reports.

#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"
#include "energy_arguments.hpp"
#include "fine_tuning.hpp"
#include "prepared_dataset.hpp"
#include "report/analysis.hpp"

namespace mi2::cli {

/// The way of answering that trains, and the folder of its report.
inline constexpr std::string_view kFineTune = "fine-tune";

struct DatasetEvaluation {
  std::string name;    ///< of a built-in recipe, or
  std::string recipe;  ///< a file
  PrepareArguments dataset;
  ModelArguments model;
  std::string out;
  std::string cache;  ///< empty: in `out`
  std::vector<std::string> ways;
  FineTuningArguments tuning;
  bool thumbnails = true;  ///< of the worst errors, in reports
  report::AnalysisOptions analysis;
  EnergyArguments energy;
};

/// Prepares the dataset, embeds what is not in the cache, and writes a report per way of answering and one page above
/// them. @returns the exit status.
int evaluate_dataset(DatasetEvaluation& evaluation);

/// The same of every built-in recipe with a benchmark whose folder is below `root`, called as the recipe; a table of
/// what is published beside what was found. A dataset that fails is named, and the others go on.
int evaluate_all(DatasetEvaluation& evaluation);

}  // namespace mi2::cli
