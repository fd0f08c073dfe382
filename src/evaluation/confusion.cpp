#include "evaluation/confusion.hpp"

#include <cmath>

namespace mi2::evaluation {
namespace {

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

ClassFigures figures_of(const ClassCounts& counts) {
  return {counts.rows, ratio(counts.right, counts.calls), ratio(counts.right, counts.rows),
          ratio(2 * counts.right, counts.rows + counts.calls)};
}

Averages averages_of(std::span<const ClassCounts> classes) {
  Averages found;
  ClassCounts all;
  for (const ClassCounts& counts : classes) {
    const ClassFigures figures = figures_of(counts);
    const auto share = 1.0 / static_cast<double>(classes.size());
    found.macro.precision += figures.precision * share;
    found.macro.recall += figures.recall * share;
    found.macro.f1 += figures.f1 * share;
    all.rows += counts.rows;
    all.calls += counts.calls;
    all.right += counts.right;
  }
  found.micro = figures_of(all);
  found.macro.support = all.rows;
  return found;
}

Confusion::Confusion(std::size_t classes, std::span<const std::size_t> labels, std::span<const std::size_t> predicted,
                     std::span<const double> weights)
    : classes_(classes), counts_(classes * classes) {
  for (std::size_t r = 0; r < labels.size(); ++r) {
    counts_[labels[r] * classes + predicted[r]] += weights.empty() ? 1 : static_cast<std::uint64_t>(weights[r]);
  }
}

ClassCounts Confusion::counts(std::size_t of_class) const {
  ClassCounts found;
  for (std::size_t other = 0; other < classes_; ++other) {
    found.rows += count(of_class, other);
    found.calls += count(other, of_class);
  }
  found.right = count(of_class, of_class);
  return found;
}

Averages Confusion::averages() const {
  std::vector<ClassCounts> seen;
  for (std::size_t c = 0; c < classes_; ++c) {
    const ClassCounts found = counts(c);
    if (found.rows + found.calls > 0) seen.push_back(found);
  }
  return averages_of(seen);
}

std::optional<double> Confusion::correlation() const {
  double all = 0;
  double right = 0;
  double rows_by_calls = 0;
  double rows_squared = 0;
  double calls_squared = 0;
  for (std::size_t c = 0; c < classes_; ++c) {
    const ClassCounts found = counts(c);
    const auto rows = static_cast<double>(found.rows);
    const auto calls = static_cast<double>(found.calls);
    all += rows;
    right += static_cast<double>(found.right);
    rows_by_calls += rows * calls;
    rows_squared += rows * rows;
    calls_squared += calls * calls;
  }
  const double spread = (all * all - rows_squared) * (all * all - calls_squared);
  if (!(spread > 0)) return std::nullopt;
  return (right * all - rows_by_calls) / std::sqrt(spread);
}

std::optional<double> Confusion::kappa(KappaWeights weights) const {
  std::vector<ClassCounts> of_class;
  double all = 0;
  for (std::size_t c = 0; c < classes_; ++c) {
    of_class.push_back(counts(c));
    all += static_cast<double>(of_class.back().rows);
  }
  double seen = 0;
  double by_chance = 0;
  for (std::size_t a = 0; a < classes_; ++a) {
    for (std::size_t b = 0; b < classes_; ++b) {
      if (a == b) continue;
      const double apart = static_cast<double>(a) - static_cast<double>(b);
      const double weight = weights == KappaWeights::kNone     ? 1.0
                            : weights == KappaWeights::kLinear ? std::abs(apart)
                                                               : apart * apart;
      seen += weight * static_cast<double>(count(a, b));
      by_chance += weight * static_cast<double>(of_class[a].rows) * static_cast<double>(of_class[b].calls);
    }
  }
  if (!(by_chance > 0)) return std::nullopt;
  return 1 - seen * all / by_chance;
}

double Confusion::accuracy() const {
  std::uint64_t right = 0;
  std::uint64_t all = 0;
  for (const std::uint64_t number : counts_) all += number;
  for (std::size_t c = 0; c < classes_; ++c) right += count(c, c);
  return ratio(right, all);
}

double Confusion::balanced_accuracy() const {
  double sum = 0;
  std::size_t occurring = 0;
  for (std::size_t c = 0; c < classes_; ++c) {
    const ClassFigures found = figures(c);
    if (found.support == 0) continue;
    sum += found.recall;
    ++occurring;
  }
  return occurring == 0 ? 0.0 : sum / static_cast<double>(occurring);
}

}  // namespace mi2::evaluation
