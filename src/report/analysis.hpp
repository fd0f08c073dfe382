#pragma once
// Everything that is computed of a study, before anybody writes it down.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "evaluation/ages.hpp"
#include "evaluation/binary.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/confusion.hpp"
#include "evaluation/delong.hpp"
#include "report/cases.hpp"
#include "report/cohort.hpp"
#include "report/groups.hpp"
#include "report/scored_rows.hpp"

namespace mi2::report {

struct AnalysisOptions {
  double level = 0.95;
  std::optional<std::size_t> samples;  ///< of the bootstrap; none: as many as rows allow, see samples_for()
  std::uint64_t seed = 0;
  double scale = 1;                  ///< scores that are no probabilities are multiplied by it before the softmax
  std::optional<double> prevalence;  ///< to state predictive values at
  GroupOptions groups;
};

/// 2000; fewer where these would take more than some seconds, and none where 500 would.
/// @param columns  labels of the scores.
std::size_t samples_for(std::size_t rows, std::size_t columns);

struct MadeFigure {
  evaluation::Figure figure;
  std::string method;  ///< how the interval was made
};

/// A figure of all rows, with what a reader must know of it.
struct NamedFigure {
  std::string key;   ///< in files
  std::string name;  ///< for people, with the unit
  evaluation::Figure figure;
  std::string method;  ///< how the interval was made
};

/// A threshold of one rule, what it does where it was chosen, and what on the evaluated rows.
struct AppliedPoint {
  std::string rule;
  std::optional<double> threshold;  ///< none: no threshold does what the rule asks
  evaluation::BinaryCounts chosen;
  evaluation::BinaryCounts applied;
};

/// One label against the rest.
struct LabelResult {
  std::string label;
  std::size_t positives = 0;
  std::size_t negatives = 0;
  std::optional<evaluation::AucEstimate> delong;
  MadeFigure auc;
  MadeFigure average_precision;
  evaluation::Figure recall;  ///< of the likeliest label; Task::kOne
  evaluation::Figure precision;
  std::vector<evaluation::RocPoint> curve;
  std::vector<evaluation::PrecisionRecall> precision_recall;
  std::vector<AppliedPoint> points;
  evaluation::CalibrationLine line;  ///< of probabilities
  std::vector<evaluation::NetBenefit> decision;
};

/// A row that is far from right.
struct WorstRow {
  std::string id;
  std::string truth;
  std::string answer;
  double off = 0;           ///< what rows are sorted by
  std::string thumbnail{};  ///< a WebP file, for the page alone; empty: none
};

/// Guesses of ages, by one way of making them.
struct AgeResult {
  std::string way;  ///< "argmax", "expectation" or "as given"
  std::vector<double> guesses;
  evaluation::AgeErrors errors;
  evaluation::Figure within_12;
  evaluation::Figure within_24;
};

struct Analysis {
  std::string source;   ///< of scores, as the user called it
  std::string compute;  ///< what is known of its energy, for people
  Task task = Task::kOne;
  Intake intake;
  AnalysisOptions options;
  std::size_t samples = 0;  ///< of the bootstrap that was made
  std::size_t rows = 0;
  std::size_t validation_rows = 0;
  std::optional<std::size_t> patients;  ///< of the evaluated rows, where known
  std::string scores;                   ///< as name_of(UsedScores) says, or "guesses"
  std::vector<std::string> labels;
  std::vector<NamedFigure> figures;  ///< the first is the headline
  std::size_t defined_labels = 0;    ///< that have an area under the curve
  std::vector<LabelResult> label_results;
  std::optional<evaluation::Confusion> confusion;
  std::optional<evaluation::Reliability> reliability;
  std::vector<AgeResult> ages;
  std::vector<double> true_ages;
  Cohort cohort;
  std::vector<AttributeResult> attributes;
  std::vector<WorstRow> worst;
  ScoredRows scored;                  ///< every evaluated row
  std::vector<std::string> warnings;  ///< what makes the figures say less than they seem to
};

/// @throws Error{kBadArgument} for options out of range, and for ages whose labels are no numbers.
Analysis analyse(const Study& study, const AnalysisOptions& options, const base::OnProgress& progress);

}  // namespace mi2::report
