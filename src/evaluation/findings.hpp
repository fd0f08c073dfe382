#pragma once
// Labels of which a row may have several or none: each is judged on its own.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/bootstrap.hpp"
#include "evaluation/confusion.hpp"
#include "evaluation/figure.hpp"
#include "evaluation/roc.hpp"
#include "evaluation/scores.hpp"

namespace mi2::evaluation {

/// Of a label's truth in a row: there (1), not there (0), or nobody knows, and the row does not count for the label.
inline constexpr std::uint8_t kUnknown = 2;

/// Rows x labels that are judged at once: one takes some hundred bytes.
inline constexpr std::size_t kMaxFindings = std::size_t{1} << 26;

/// Before anything is allocated for them. @throws Error{kTooLarge} over kMaxFindings.
void check_size_of_findings(std::size_t rows, std::size_t labels);

struct FindingEvaluation {
  std::size_t positives = 0;
  std::size_t negatives = 0;
  Figure auc;
  std::optional<double> average_precision;
  ClassFigures figures;  ///< at the label's threshold
  std::vector<RocPoint> curve;
};

struct FindingsEvaluation {
  std::size_t rows = 0;
  Figure mean_auc;                               ///< over the labels that have one
  std::optional<double> mean_average_precision;  ///< over the labels that have a positive row
  Averages averages;                             ///< at the labels' thresholds
  std::optional<double> exact_match;             ///< rows of which every label is called right
  std::optional<double> hamming_loss;            ///< the share of wrong calls
  std::vector<FindingEvaluation> labels;
};

/// A label's rows of which the truth is known, in order. @param truth  [rows, labels].
struct KnownRows {
  std::vector<std::size_t> rows;
  std::vector<double> scores;
  std::vector<std::uint8_t> positive;
};
KnownRows known_rows(const Scores& scores, std::span<const std::uint8_t> truth, std::size_t label);

/// Exact match and Hamming loss are of the rows and cells that are known; all figures are scikit-learn's.
/// @param truth       [rows, labels], 0, 1 or kUnknown.
/// @param thresholds  [labels]: a score of at least this is called.
/// @param groups      as of bootstrap(): intervals are by group. A label has none of fewer than kFewestForInterval
///                    groups with it or without.
/// @throws Error{kBadArgument} for no row, lists that do not fit, or scores that are not finite; as
///         check_size_of_findings() and bootstrap().
FindingsEvaluation evaluate_findings(const Scores& scores, std::span<const std::uint8_t> truth,
                                     std::span<const double> thresholds, const BootstrapOptions& options,
                                     std::span<const std::size_t> groups = {});

}  // namespace mi2::evaluation
