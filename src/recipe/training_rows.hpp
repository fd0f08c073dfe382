#pragma once
// What of a dataset a model is fine-tuned on: rows of train and val, never of those that it is judged on.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "recipe/prepare.hpp"

namespace mi2::recipe {

struct TrainingRows {
  /// `file`, `split` (train, val), `patient` where the recipe names whose an image is, and the columns of `texts`.
  std::string manifest;
  std::vector<std::string> texts;  ///< names of columns: an image has a text per label, the others are empty
  std::size_t train = 0;           ///< rows
  std::size_t validation = 0;
  bool drawn = false;            ///< no val, or it is judged: a tenth of the training split stands for it
  std::size_t without_text = 0;  ///< rows without a label, which say nothing to train against
  std::size_t several_in_validation =
      0;  ///< rows of val with several labels, of which one text cannot be the right one
};

/// An image is trained against the text of its label, as a model is asked for it; of findings against those of all.
/// Without a split val, or without a split test, in whose place val is then judged, a tenth of the training split is
/// drawn for it, rows of one group (Recipe::group) together.
/// @throws Error{kBadArgument} without a row to train on or to validate on; {kBadFile} for a label without a text.
TrainingRows training_rows(const Prepared& prepared);

}  // namespace mi2::recipe
