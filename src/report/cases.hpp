#pragma once
// Rows to evaluate: what a model says of an id beside what is true of it, and of whom it is.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/table.hpp"
#include "evaluation/scores.hpp"
#include "report/predictions.hpp"

namespace mi2::report {

enum class Task : std::uint8_t {
  kOne,   ///< a row has one label
  kMany,  ///< a row has any number of labels, each with a score of its own
  kAges,  ///< a row has a number
};
/// "one label", "many labels", "ages"
std::string_view name_of(Task task) noexcept;

/// Of Task::kAges, labels and guesses, so that no sum of them overflows.
inline constexpr double kMostAge = 1e9;

struct CaseOptions {
  Task task = Task::kOne;
  std::string label_column;    ///< empty: as base::kLabelColumn; of ages also `age`
  bool allow_missing = false;  ///< labelled rows without scores are left out, and counted
  bool drop_unscored = false;  ///< rows of a label that has no scores are left out, and counted
  bool allow_leak = false;     ///< a patient may be in several splits
  /// Whether scores are probabilities, where the caller knows; none: as they look.
  std::optional<bool> probabilities{};
};

/// Something known of every row: "" where it is not.
struct Attribute {
  std::string name;
  std::vector<std::string> values;  ///< [rows]
};

struct Cases {
  std::vector<std::string> ids;        ///< [rows], in the order of the table of labels
  evaluation::Scores scores;           ///< [rows, labels], as given
  std::vector<std::size_t> truth;      ///< [rows] of Task::kOne
  std::vector<std::uint8_t> positive;  ///< [rows, labels] of Task::kMany, 0 or 1
  std::vector<double> ages;            ///< [rows] of Task::kAges
  std::vector<std::string> patients;   ///< [rows], or empty: not known
  std::vector<Attribute> attributes;

  [[nodiscard]] std::size_t rows() const noexcept { return ids.size(); }
  /// Whether each row is of a label, 0 or 1. [rows]
  [[nodiscard]] std::vector<std::uint8_t> positives_of(std::size_t label) const;
};

/// What became of the tables' rows.
struct Intake {
  std::size_t predicted = 0;           ///< rows of scores
  std::size_t labelled = 0;            ///< rows of labels
  std::size_t of_training = 0;         ///< of the split train, or of another than val and test: not evaluated
  std::size_t without_scores = 0;      ///< labelled, but left out
  std::size_t without_labels = 0;      ///< scored, but left out
  std::size_t of_unscored_labels = 0;  ///< left out
  std::size_t leaked_patients = 0;     ///< in more than one split
  bool has_splits = false;
};

struct Study {
  Task task = Task::kOne;
  std::vector<std::string> labels;  ///< of the scores
  Cases evaluated;
  std::optional<bool> probabilities{};  ///< as CaseOptions has it
  Cases validation;                     ///< where operating points are chosen; without a row: there is none
  Intake intake;
};

/// Matches the tables by id. Rows of the split test are evaluated, those of val choose operating points, and others are
/// left out; without splits all rows are evaluated, and if there is no test row, those of val. Scores of a single label
/// make Task::kOne Task::kMany, and its rows may be labelled 1 and 0.
/// @param attributes  more columns of the same ids, if there are any.
/// @throws Error{kBadFile} for a column that is missing, an id that is empty or twice, an empty label or patient, a
///         label without scores, labelled rows without scores, a patient in several splits, unless options allow it;
///         {kBadArgument} if nothing is left to evaluate.
Study read_study(Predictions predictions, base::Table labels, std::optional<base::Table> attributes,
                 const CaseOptions& asked);

}  // namespace mi2::report
