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
#include "adapter/splitting.hpp"
#include "evaluation/bootstrap.hpp"
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
  /// What Samples::classes or the columns of Samples::findings are of; of one number its only name.
  std::vector<std::string> labels;
  Samples train;
  Samples validation;
  Samples test;
  std::optional<Provenance> provenance;
  std::string grouped_by{};  ///< the name of Samples::groups, which then every row has; empty: there are none
  Target target = Target::kLabel;
};

/// What an adapter says of rows of which the truth is known.
struct Evaluated {
  std::string rows;  ///< "test", "val", "held out of train" or "train, cross-validated"
  evaluation::Scores logits;
  std::vector<std::size_t> classes;
  std::vector<std::size_t> ids;       ///< as Samples::ids
  std::vector<std::size_t> groups{};  ///< as Samples::groups
  std::vector<std::size_t> folds{};   ///< cross-validated: in which fold each row was judged
  std::vector<double> numbers{};      ///< as Samples::numbers
  /// As Samples::findings; of a label that the fit could not know, kUnknown.
  std::vector<std::uint8_t> findings{};
};

struct TrainedAdapter {
  Adapter adapter;
  Evaluated held_out;                                        ///< what temperature and thresholds were chosen on
  Evaluated evaluation;                                      ///< the test rows, or held_out if there are none
  std::size_t trained_rows = 0;                              ///< that the adapter has seen
  std::vector<std::size_t> rows_of_label{};                  ///< of those, how many each label has; not of one number
  std::vector<evaluation::GroupsOfClass> groups_of_label{};  ///< as rows_of_label, of groups or rows
  std::string not_calibrated{};  ///< why the temperature stays 1, for people; empty: it was fitted
  Splitting split{};
  bool folds_given = false;  ///< by Samples::folds
  double typical = 0;        ///< Target::kNumber, kOrdinal: the median of the numbers it was trained on
};

/// Fewer rows of a label than this say little.
inline constexpr std::size_t kFewRows = 10;

/// Trains. Temperature and thresholds come from rows the adapter has not seen: the validation rows; without them,
/// kLinear is trained on all training rows and evaluated by cross-validation, kMlp holds a share of the training rows
/// out. Rows of one group are held out together. A row that is judged by a fit without its label does not count.
/// @param on_progress  over all fits.
/// @throws Error{kBadArgument} for fewer than two labels, a label without a training row, a finding in every or no
///         training row, survival without an event, dimensions that differ, options out of range, groups or folds that
///         leave nothing to hold out or to judge, or a group in two of the caller's folds; as fit().
TrainedAdapter train_adapter(const TrainingSet& set, const TrainOptions& options, const base::OnProgress& on_progress);

/// A kLinear adapter of all training rows: nothing is held out, and nothing calibrated. Every label has a training row.
/// @throws as fit().
Adapter fit_all_rows(const TrainingSet& set, const TrainOptions& options, const base::OnProgress& on_progress);

/// The logits of an adapter, a row each.
evaluation::Scores logits_of(const Adapter& adapter, const Samples& samples);

}  // namespace mi2::adapter
