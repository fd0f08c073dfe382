#include "evaluation/roc.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace mi2::evaluation {
namespace {

OperatingPoint point_of(const RocPoint& point) {
  return {point.threshold, point.true_positive_rate, 1.0 - point.false_positive_rate};
}

}  // namespace

RankedScores::RankedScores(std::span<const double> scores, std::span<const std::uint8_t> positive)
    : rows_(scores.size()) {
  std::iota(rows_.begin(), rows_.end(), std::size_t{0});
  std::stable_sort(rows_.begin(), rows_.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  for (const std::size_t row : rows_) {
    scores_.push_back(scores[row]);
    positive_.push_back(positive[row]);
  }
}

std::optional<double> RankedScores::auc(std::span<const double> weights) const {
  double positives = 0;
  double negatives = 0;
  double area = 0;
  for (std::size_t begin = 0; begin < rows_.size();) {
    double tied_positives = 0;
    double tied_negatives = 0;
    std::size_t end = begin;
    for (; end < rows_.size() && scores_[end] == scores_[begin]; ++end) {
      const double weight = weights.empty() ? 1.0 : weights[rows_[end]];
      (positive_[end] != 0 ? tied_positives : tied_negatives) += weight;
    }
    area += tied_negatives * (positives + tied_positives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
    begin = end;
  }
  if (positives <= 0 || negatives <= 0) return std::nullopt;
  return area / (positives * negatives);
}

std::vector<RocPoint> RankedScores::curve() const {
  const auto positives = static_cast<double>(std::count(positive_.begin(), positive_.end(), std::uint8_t{1}));
  const double negatives = static_cast<double>(rows_.size()) - positives;
  if (positives == 0 || negatives == 0) return {};
  std::vector<RocPoint> points{{std::numeric_limits<double>::infinity(), 0, 0}};
  double taken_positives = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    taken_positives += positive_[i];
    if (i + 1 < rows_.size() && scores_[i + 1] == scores_[i]) continue;
    const double taken_negatives = static_cast<double>(i + 1) - taken_positives;
    points.push_back({scores_[i], taken_negatives / negatives, taken_positives / positives});
  }
  return points;
}

std::optional<double> RankedScores::average_precision(std::span<const double> weights) const {
  double positives = 0;
  double taken = 0;
  double sum = 0;
  for (std::size_t begin = 0; begin < rows_.size();) {
    double tied_positives = 0;
    std::size_t end = begin;
    for (; end < rows_.size() && scores_[end] == scores_[begin]; ++end) {
      const double weight = weights.empty() ? 1.0 : weights[rows_[end]];
      taken += weight;
      if (positive_[end] != 0) tied_positives += weight;
    }
    positives += tied_positives;
    if (tied_positives > 0) sum += tied_positives * positives / taken;
    begin = end;
  }
  if (positives <= 0) return std::nullopt;
  return sum / positives;
}

std::vector<PrecisionRecall> RankedScores::precision_recall() const {
  const auto positives = static_cast<double>(std::count(positive_.begin(), positive_.end(), std::uint8_t{1}));
  if (positives == 0) return {};
  std::vector<PrecisionRecall> points;
  double found = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    found += positive_[i];
    if (i + 1 < rows_.size() && scores_[i + 1] == scores_[i]) continue;
    points.push_back({scores_[i], found / positives, found / static_cast<double>(i + 1)});
  }
  return points;
}

Placements RankedScores::placements() const {
  const auto positives = static_cast<double>(std::count(positive_.begin(), positive_.end(), std::uint8_t{1}));
  const double negatives = static_cast<double>(rows_.size()) - positives;
  if (positives == 0 || negatives == 0) return {};
  std::vector<double> of_row(rows_.size());
  std::vector<std::uint8_t> is_positive(rows_.size());
  double higher_positives = 0;
  double higher_negatives = 0;
  for (std::size_t begin = 0; begin < rows_.size();) {
    std::size_t end = begin;
    double tied_positives = 0;
    for (; end < rows_.size() && scores_[end] == scores_[begin]; ++end) tied_positives += positive_[end];
    const double tied_negatives = static_cast<double>(end - begin) - tied_positives;
    for (std::size_t i = begin; i < end; ++i) {
      is_positive[rows_[i]] = positive_[i];
      of_row[rows_[i]] = positive_[i] != 0 ? 1 - (higher_negatives + tied_negatives / 2) / negatives
                                           : (higher_positives + tied_positives / 2) / positives;
    }
    higher_positives += tied_positives;
    higher_negatives += tied_negatives;
    begin = end;
  }
  Placements found;
  for (std::size_t r = 0; r < of_row.size(); ++r) {
    (is_positive[r] != 0 ? found.positives : found.negatives).push_back(of_row[r]);
  }
  return found;
}

RankedScores rank(const Scores& scores, std::span<const std::size_t> labels, std::size_t of_class) {
  std::vector<std::uint8_t> positive(labels.size());
  std::transform(labels.begin(), labels.end(), positive.begin(),
                 [&](std::size_t c) { return static_cast<std::uint8_t>(c == of_class ? 1 : 0); });
  return {scores.column(of_class), positive};
}

std::optional<double> mean_auc(std::span<const std::optional<double>> areas) {
  double sum = 0;
  std::size_t count = 0;
  for (const std::optional<double>& area : areas) {
    if (!area) continue;
    sum += *area;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

std::optional<double> mean_auc(const Scores& scores, std::span<const std::size_t> labels) {
  check(scores, labels);
  std::vector<std::optional<double>> areas;
  for (std::size_t c = 0; c < scores.classes; ++c) areas.push_back(rank(scores, labels, c).auc());
  return mean_auc(areas);
}

std::optional<OperatingPoint> youden_point(std::span<const RocPoint> curve) {
  if (curve.empty()) return std::nullopt;
  const auto gain = [](const RocPoint& p) { return p.true_positive_rate - p.false_positive_rate; };
  // The first point calls nothing positive: its infinite threshold is no use to anybody.
  const auto points = curve.subspan(1);
  return point_of(
      *std::max_element(points.begin(), points.end(), [&](const auto& a, const auto& b) { return gain(a) < gain(b); }));
}

std::optional<OperatingPoint> sensitivity_point(std::span<const RocPoint> curve, double sensitivity) {
  if (curve.empty()) return std::nullopt;
  const auto points = curve.subspan(1);
  const auto found = std::find_if(points.begin(), points.end(),
                                  [&](const RocPoint& point) { return point.true_positive_rate >= sensitivity; });
  return point_of(found == points.end() ? points.back() : *found);
}

std::optional<OperatingPoint> specificity_point(std::span<const RocPoint> curve, double specificity) {
  if (curve.empty()) return std::nullopt;
  const auto points = curve.subspan(1);
  // The specificity falls along the curve: the last that is specific enough is the most sensitive.
  std::optional<OperatingPoint> found;
  for (const RocPoint& point : points) {
    if (1.0 - point.false_positive_rate < specificity) break;
    found = point_of(point);
  }
  return found;
}

std::optional<OperatingPoint> at_threshold(const Scores& scores, std::span<const std::size_t> labels,
                                           std::size_t of_class, double threshold) {
  check(scores, labels);
  double positives = 0;
  double found = 0;
  double false_alarms = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const bool called = scores.row(r)[of_class] >= threshold;
    if (labels[r] == of_class) {
      ++positives;
      found += called ? 1 : 0;
    } else {
      false_alarms += called ? 1 : 0;
    }
  }
  const double negatives = static_cast<double>(labels.size()) - positives;
  if (positives == 0 || negatives == 0) return std::nullopt;
  return OperatingPoint{threshold, found / positives, 1.0 - false_alarms / negatives};
}

std::vector<RocPoint> corners(std::span<const RocPoint> curve) {
  std::vector<RocPoint> kept;
  for (const RocPoint& point : curve) {
    while (kept.size() >= 2) {
      const RocPoint& a = kept[kept.size() - 2];
      const RocPoint& b = kept.back();
      const double turn =
          (b.false_positive_rate - a.false_positive_rate) * (point.true_positive_rate - a.true_positive_rate) -
          (b.true_positive_rate - a.true_positive_rate) * (point.false_positive_rate - a.false_positive_rate);
      // Rates are ratios of counts up to some 1e6: what differs at all differs by more than this.
      if (turn > 1e-13 || turn < -1e-13) break;
      kept.pop_back();
    }
    kept.push_back(point);
  }
  return kept;
}

}  // namespace mi2::evaluation
