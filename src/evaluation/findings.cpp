#include "evaluation/findings.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "evaluation/evaluation.hpp"

namespace mi2::evaluation {
namespace {

void check_findings(const Scores& scores, std::span<const std::uint8_t> truth, std::span<const double> thresholds) {
  if (scores.rows() == 0 || truth.size() != scores.values.size() || thresholds.size() != scores.classes) {
    throw Error(Code::kBadArgument,
                fmt::format("findings: expected a truth for each score of at least one row, and a threshold per label; "
                            "got {} scores, {} truths and {} thresholds",
                            scores.values.size(), truth.size(), thresholds.size()));
  }
  if (std::ranges::all_of(scores.values, [](double score) { return std::isfinite(score); })) return;
  throw Error(Code::kBadArgument, "findings: a score is not finite");
}

/// Groups with a positive and with a negative row of a label.
struct Sides {
  std::set<std::size_t> positive;
  std::set<std::size_t> negative;
  [[nodiscard]] bool enough() const { return std::min(positive.size(), negative.size()) >= kFewestForInterval; }
};

/// One label's rows, ranked.
struct RankedLabel {
  KnownRows known;
  RankedScores ranked;

  /// @param weights  of all rows. @param own  room for those of the known ones.
  [[nodiscard]] std::optional<double> auc(std::span<const double> weights, std::vector<double>& own) const {
    own.clear();
    for (const std::size_t r : known.rows) own.push_back(weights[r]);
    return ranked.auc(own);
  }
};

std::optional<double> mean_known(std::span<const std::optional<double>> values) {
  double sum = 0;
  std::size_t count = 0;
  for (const std::optional<double>& value : values) {
    if (!value) continue;
    sum += *value;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

/// What calls at the thresholds get right.
void add_calls(const Scores& scores, std::span<const std::uint8_t> truth, std::span<const double> thresholds,
               FindingsEvaluation& found) {
  std::vector<ClassCounts> counts(scores.classes);
  std::size_t cells = 0;
  std::size_t wrong = 0;
  std::size_t whole_rows = 0;
  std::size_t exact = 0;
  for (std::size_t r = 0; r < found.rows; ++r) {
    std::size_t known = 0;
    std::size_t wrong_here = 0;
    for (std::size_t c = 0; c < scores.classes; ++c) {
      const std::uint8_t is = truth[r * scores.classes + c];
      if (is == kUnknown) continue;
      const bool called = scores.row(r)[c] >= thresholds[c];
      ++known;
      wrong_here += called != (is == 1) ? 1 : 0;
      counts[c].rows += is;
      counts[c].calls += called ? 1 : 0;
      counts[c].right += called && is == 1 ? 1 : 0;
    }
    cells += known;
    wrong += wrong_here;
    whole_rows += known > 0 ? 1 : 0;
    exact += known > 0 && wrong_here == 0 ? 1 : 0;
  }
  found.averages = averages_of(counts);
  for (std::size_t c = 0; c < counts.size(); ++c) found.labels[c].figures = figures_of(counts[c]);
  if (cells == 0) return;
  found.exact_match = static_cast<double>(exact) / static_cast<double>(whole_rows);
  found.hamming_loss = static_cast<double>(wrong) / static_cast<double>(cells);
}

/// Of every label's area, and of their mean.
void add_intervals(const std::vector<RankedLabel>& labels, const std::vector<Sides>& sides,
                   std::span<const std::size_t> groups, const BootstrapOptions& options, FindingsEvaluation& found) {
  // Rows with several labels have no one class to keep the numbers of.
  const std::vector<std::size_t> strata(found.rows);
  std::vector<double> own;
  const auto intervals = bootstrap(strata, groups, options, [&](std::span<const double> weights) {
    std::vector<std::optional<double>> areas;
    for (const RankedLabel& label : labels) areas.push_back(label.auc(weights, own));
    areas.push_back(mean_known(areas));
    return areas;
  });
  if (intervals.empty()) return;
  bool all_enough = true;
  for (std::size_t c = 0; c < labels.size(); ++c) {
    if (!found.labels[c].auc.value) continue;
    if (sides[c].enough()) {
      found.labels[c].auc.interval = intervals[c];
    } else {
      all_enough = false;
      found.labels[c].auc.why = fmt::format("fewer than {} with it or without", kFewestForInterval);
    }
  }
  if (!found.mean_auc.value) return;
  if (all_enough) {
    found.mean_auc.interval = intervals.back();
  } else {
    found.mean_auc.why = fmt::format("a label has fewer than {} with it or without", kFewestForInterval);
  }
}

}  // namespace

void check_size_of_findings(std::size_t rows, std::size_t labels) {
  if (labels == 0 || rows <= kMaxFindings / labels) return;
  throw Error(Code::kTooLarge, fmt::format("findings: {} rows of {} labels; expected at most {} rows times labels",
                                           rows, labels, kMaxFindings));
}

KnownRows known_rows(const Scores& scores, std::span<const std::uint8_t> truth, std::size_t label) {
  KnownRows known;
  for (std::size_t r = 0; r < scores.rows(); ++r) {
    const std::uint8_t is = truth[r * scores.classes + label];
    if (is == kUnknown) continue;
    known.rows.push_back(r);
    known.scores.push_back(scores.row(r)[label]);
    known.positive.push_back(is);
  }
  return known;
}

FindingsEvaluation evaluate_findings(const Scores& scores, std::span<const std::uint8_t> truth,
                                     std::span<const double> thresholds, const BootstrapOptions& options,
                                     std::span<const std::size_t> groups) {
  check_size_of_findings(scores.rows(), scores.classes);
  check_findings(scores, truth, thresholds);
  FindingsEvaluation found;
  found.rows = scores.rows();
  found.labels.resize(scores.classes);
  const std::vector<std::size_t> group_of = number_groups(groups, found.rows);
  std::vector<RankedLabel> ranked;
  std::vector<Sides> sides(scores.classes);
  std::vector<std::optional<double>> areas;
  std::vector<std::optional<double>> precisions;
  for (std::size_t c = 0; c < scores.classes; ++c) {
    KnownRows known = known_rows(scores, truth, c);
    FindingEvaluation& label = found.labels[c];
    for (std::size_t i = 0; i < known.rows.size(); ++i) {
      (known.positive[i] == 1 ? sides[c].positive : sides[c].negative).insert(group_of[known.rows[i]]);
      ++(known.positive[i] == 1 ? label.positives : label.negatives);
    }
    RankedScores rows(known.scores, known.positive);
    areas.push_back(rows.auc());
    precisions.push_back(rows.average_precision());
    label.auc = areas.back() ? Figure{areas.back(), std::nullopt} : undefined("every row has it, or none");
    label.average_precision = precisions.back();
    label.curve = rows.curve();
    ranked.push_back({std::move(known), std::move(rows)});
  }
  const std::optional<double> mean = mean_known(areas);
  found.mean_auc = mean ? Figure{mean, std::nullopt} : undefined("no label has an area under the curve");
  found.mean_average_precision = mean_known(precisions);
  add_calls(scores, truth, thresholds, found);
  if (options.samples > 0) add_intervals(ranked, sides, groups, options, found);
  return found;
}

}  // namespace mi2::evaluation
