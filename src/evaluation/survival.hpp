#pragma once
// Whether those who are said to be at risk have the event first.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evaluation/bootstrap.hpp"
#include "evaluation/figure.hpp"

namespace mi2::evaluation {

/// Pairs of rows of which it is known who had the event first, weighted.
struct Concordance {
  double pairs = 0;
  double concordant = 0;  ///< the row of the earlier event has the larger risk
  double tied = 0;        ///< both have the same

  /// Harrell's C; nothing without a pair.
  [[nodiscard]] std::optional<double> index() const {
    if (!(pairs > 0)) return std::nullopt;
    return (concordant + tied / 2) / pairs;
  }
};

/// Rows in order, so that counting pairs takes n log n, whatever the rows' weights.
class SurvivalRows {
 public:
  /// A pair counts if the row of the earlier time had its event; of equal times if exactly one had, which then is the
  /// earlier.
  /// @param risks   [rows], finite: the larger, the earlier the event is expected.
  /// @param times   [rows], finite. @param events  [rows], 1: the event was at that time; 0: not until then.
  /// @param strata  [rows], below the number of rows: only rows of one stratum make pairs; empty: all are of one.
  /// @throws Error{kBadArgument} for lists of different lengths or numbers that are not finite.
  /// Source: Harrell et al., JAMA 1982; equal to lifelines' concordance_index.
  SurvivalRows(std::span<const double> risks, std::span<const double> times, std::span<const std::size_t> events,
               std::span<const std::size_t> strata = {});

  /// @param weights  [rows], none negative, or empty for one each.
  [[nodiscard]] Concordance concordance(std::span<const double> weights = {}) const;

 private:
  struct Row {
    std::size_t row = 0;
    std::size_t stratum = 0;
    double time = 0;
    std::size_t rank = 0;  ///< of the risk, from 0; equal risks have equal ranks
    bool event = false;
  };
  std::vector<Row> rows_;  ///< by stratum, then latest first
  std::size_t ranks_ = 0;
};

/// Harrell's C with its interval by bootstrap, in which events and censored rows keep their numbers.
/// @param groups  as of bootstrap(). @throws as SurvivalRows and bootstrap().
Figure concordance_figure(std::span<const double> risks, std::span<const double> times,
                          std::span<const std::size_t> events, std::span<const std::size_t> strata,
                          std::span<const std::size_t> groups, const BootstrapOptions& options);

}  // namespace mi2::evaluation
