#pragma once
// Two models on the same rows.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "evaluation/delong.hpp"
#include "report/scored_rows.hpp"

namespace mi2::report {

struct ComparisonOptions {
  double level = 0.95;
  std::size_t samples = 2000;
  std::uint64_t seed = 0;
};

/// A figure of both, and the first minus the second.
struct ComparedFigure {
  std::string key;
  std::string name;
  std::optional<double> first;
  std::optional<double> second;
  evaluation::Figure difference;
  std::optional<double> p;  ///< two-sided, of no difference
  std::string method;
};

/// The AUC of one label, by DeLong's test of paired areas.
struct ComparedLabel {
  std::string label;
  std::optional<double> first;
  std::optional<double> second;
  std::optional<evaluation::AucDifference> difference;  ///< none where there is no area
  std::optional<double> p_holm;                         ///< over the labels
};

struct Comparison {
  std::string first;
  std::string second;
  Task task = Task::kOne;
  std::size_t rows = 0;
  std::optional<std::size_t> patients;
  ComparisonOptions options;
  std::vector<ComparedFigure> figures;
  std::vector<ComparedLabel> labels;
  std::size_t only_first = 0;  ///< rows that only the first answers rightly; Task::kOne
  std::size_t only_second = 0;
};

/// @throws Error{kBadArgument} unless both are of the same rows, with the same truth, patients and labels.
Comparison compare(const ScoredRows& first, ScoredRows second, const ComparisonOptions& options,
                   const base::OnProgress& progress);

std::string to_json(const Comparison& comparison);
std::string to_html(const Comparison& comparison);
std::string to_text(const Comparison& comparison);

}  // namespace mi2::report
