#include "evaluation/confusion.hpp"

namespace mi2::evaluation {
namespace {

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Confusion::Confusion(std::size_t classes, std::span<const std::size_t> labels, std::span<const std::size_t> predicted)
    : classes_(classes), counts_(classes * classes) {
  for (std::size_t r = 0; r < labels.size(); ++r) ++counts_[labels[r] * classes + predicted[r]];
}

ClassFigures Confusion::figures(std::size_t of_class) const {
  std::uint64_t rows = 0;
  std::uint64_t calls = 0;
  for (std::size_t other = 0; other < classes_; ++other) {
    rows += count(of_class, other);
    calls += count(other, of_class);
  }
  const std::uint64_t right = count(of_class, of_class);
  return {rows, ratio(right, calls), ratio(right, rows), ratio(2 * right, rows + calls)};
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
