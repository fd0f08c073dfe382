#include "evaluation/f1.hpp"

#include <algorithm>
#include <array>

namespace mi2::evaluation {
namespace {

constexpr std::size_t kSteps = 20;

constexpr std::array<double, kSteps> grid() {
  std::array<double, kSteps> thresholds{};
  for (std::size_t i = 0; i < kSteps; ++i) thresholds[i] = static_cast<double>(i) / static_cast<double>(kSteps);
  return thresholds;
}

std::optional<double> best_f1_threshold(const Scores& scores, std::span<const std::size_t> labels,
                                        std::size_t of_class) {
  static constexpr std::array<double, kSteps> kGrid = grid();
  std::array<ClassCounts, kSteps> at{};
  std::uint64_t rows = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const bool is_class = labels[r] == of_class;
    rows += is_class ? 1 : 0;
    const auto above = std::upper_bound(kGrid.begin(), kGrid.end(), scores.row(r)[of_class]);
    if (above == kGrid.begin()) continue;
    ClassCounts& highest = at[static_cast<std::size_t>(above - kGrid.begin()) - 1];
    ++highest.calls;
    highest.right += is_class ? 1 : 0;
  }
  if (rows == 0) return std::nullopt;
  std::optional<double> threshold;
  double best = 0;
  ClassCounts sum{rows, 0, 0};
  for (std::size_t i = kSteps; i-- > 0;) {
    sum.calls += at[i].calls;
    sum.right += at[i].right;
    const double f1 = figures_of(sum).f1;
    if (threshold && f1 <= best) continue;
    threshold = kGrid[i];
    best = f1;
  }
  return threshold;
}

ClassCounts counts_at(const Scores& scores, std::span<const std::size_t> labels, std::size_t of_class,
                      double threshold) {
  ClassCounts found;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const bool is_class = labels[r] == of_class;
    const bool called = scores.row(r)[of_class] >= threshold;
    found.rows += is_class ? 1 : 0;
    found.calls += called ? 1 : 0;
    found.right += is_class && called ? 1 : 0;
  }
  return found;
}

}  // namespace

std::vector<std::optional<double>> best_f1_thresholds(const Scores& scores, std::span<const std::size_t> labels) {
  check(scores, labels);
  std::vector<std::optional<double>> thresholds;
  for (std::size_t c = 0; c < scores.classes; ++c) thresholds.push_back(best_f1_threshold(scores, labels, c));
  return thresholds;
}

Thresholded at_thresholds(const Scores& scores, std::span<const std::size_t> labels,
                          std::span<const std::optional<double>> thresholds) {
  check(scores, labels);
  Thresholded found;
  std::vector<ClassCounts> counts;
  for (std::size_t c = 0; c < scores.classes; ++c) {
    found.classes.emplace_back();
    if (!thresholds[c]) continue;
    counts.push_back(counts_at(scores, labels, c, *thresholds[c]));
    found.classes.back() = figures_of(counts.back());
  }
  found.averages = averages_of(counts);
  return found;
}

}  // namespace mi2::evaluation
