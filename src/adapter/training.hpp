#pragma once
// From labelled embeddings to an adapter with a temperature and thresholds, and to what it is worth on rows it has not
// seen.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapter/adapter.hpp"
#include "adapter/fit.hpp"
#include "evaluation/scores.hpp"

namespace mi2::adapter {

struct TrainOptions {
  AdapterKind kind = AdapterKind::kLinear;
  std::int64_t hidden_dim = 512;  ///< kMlp
  bool standardize = false;       ///< each dimension to mean 0 and deviation 1 first; folded into the weights
  double validation_share = 0.2;  ///< kMlp: of the training rows, if there are no validation rows
  std::size_t folds = 5;          ///< kLinear: of the cross-validation that takes the place of validation rows
  FitOptions fit;
};

/// Rows by what they are for. validation and test may be empty.
struct TrainingSet {
  std::vector<std::string> labels;  ///< what Samples::classes are indices of
  Samples train;
  Samples validation;
  Samples test;
  std::optional<Provenance> provenance;
};

/// What an adapter says of rows whose label is known.
struct Evaluated {
  std::string rows;  ///< "test", "val", "held out of train" or "train, cross-validated"
  evaluation::Scores logits;
  std::vector<std::size_t> classes;
  std::vector<std::size_t> ids;  ///< as Samples::ids
};

struct TrainedAdapter {
  Adapter adapter;
  Evaluated held_out;                        ///< what temperature and thresholds were chosen on
  Evaluated evaluation;                      ///< the test rows, or held_out if there are none
  std::size_t trained_rows = 0;              ///< that the adapter has seen
  std::vector<std::size_t> rows_of_label{};  ///< of those, how many each label has
  bool calibrated = true;  ///< false: every held-out row is right, which says nothing about a temperature; it is 1
};

/// Fewer rows of a label than this say little.
inline constexpr std::size_t kFewRows = 10;

/// Trains. Temperature and thresholds come from rows the adapter has not seen: the validation rows; without them,
/// kLinear is trained on all training rows and evaluated by cross-validation, kMlp holds a share of the training rows
/// out.
/// @param on_progress  over all fits.
/// @throws Error{kBadArgument} for fewer than two labels, a label without a training row, dimensions that differ or
///         options out of range; as fit().
TrainedAdapter train_adapter(const TrainingSet& set, const TrainOptions& options, const base::OnProgress& on_progress);

/// The logits of an adapter, a row each.
evaluation::Scores logits_of(const Adapter& adapter, const Samples& samples);

}  // namespace mi2::adapter
