#include "evaluation/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <mi2/error.hpp>

#include "evaluation/bootstrap.hpp"

namespace mi2::evaluation {
namespace {

/// d/db of the summed loss of logits * b: the mean logit under the softmax minus the true class's. It grows with b.
double slope(const Scores& logits, std::span<const std::size_t> labels, double b) {
  const Scores probabilities = softmax(logits, 1.0 / b);
  double sum = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const auto row = logits.row(r);
    const auto p = probabilities.row(r);
    for (std::size_t c = 0; c < row.size(); ++c) sum += p[c] * row[c];
    sum -= row[labels[r]];
  }
  return sum;
}

struct Confidences {
  std::vector<double> confidence;   ///< the likeliest class's probability
  std::vector<std::uint8_t> right;  ///< whether that is the true one
};

Confidences confidences(const Scores& probabilities, std::span<const std::size_t> labels) {
  const std::vector<std::size_t> predicted = predictions(probabilities);
  Confidences rows;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    rows.confidence.push_back(probabilities.row(r)[predicted[r]]);
    rows.right.push_back(predicted[r] == labels[r] ? 1 : 0);
  }
  return rows;
}

}  // namespace

Reliability reliability_of(std::span<const double> confidence, std::span<const std::uint8_t> right, std::size_t bins,
                           std::span<const double> weights) {
  if (bins == 0) throw Error(Code::kBadArgument, "reliability: expected at least one bin");
  Reliability found{std::vector<ReliabilityBin>(bins), 0};
  const auto count = static_cast<double>(bins);
  for (std::size_t b = 0; b < bins; ++b) {
    found.bins[b].low = static_cast<double>(b) / count;
    found.bins[b].high = static_cast<double>(b + 1) / count;
  }
  std::uint64_t all = 0;
  for (std::size_t r = 0; r < confidence.size(); ++r) {
    const std::uint64_t weight = weights.empty() ? 1 : static_cast<std::uint64_t>(weights[r]);
    const double place = std::clamp(std::ceil(confidence[r] * count) - 1, 0.0, count - 1);
    ReliabilityBin& bin = found.bins[static_cast<std::size_t>(place)];
    all += weight;
    bin.count += weight;
    bin.confidence += confidence[r] * static_cast<double>(weight);
    bin.accuracy += static_cast<double>(right[r] * weight);
  }
  for (ReliabilityBin& bin : found.bins) {
    if (bin.count == 0) continue;
    const auto rows = static_cast<double>(bin.count);
    found.expected_error += std::abs(bin.confidence - bin.accuracy) / static_cast<double>(all);
    bin.confidence /= rows;
    bin.accuracy /= rows;
  }
  return found;
}

Reliability reliability(const Scores& probabilities, std::span<const std::size_t> labels, std::size_t bins) {
  check(probabilities, labels);
  const Confidences rows = confidences(probabilities, labels);
  return reliability_of(rows.confidence, rows.right, bins);
}

double classwise_error(const Scores& probabilities, std::span<const std::size_t> labels, std::size_t bins) {
  check(probabilities, labels);
  double sum = 0;
  std::vector<std::uint8_t> is_class(labels.size());
  for (std::size_t c = 0; c < probabilities.classes; ++c) {
    std::transform(labels.begin(), labels.end(), is_class.begin(),
                   [&](std::size_t label) { return static_cast<std::uint8_t>(label == c ? 1 : 0); });
    sum += reliability_of(probabilities.column(c), is_class, bins).expected_error;
  }
  return sum / static_cast<double>(probabilities.classes);
}

double adaptive_error(const Scores& probabilities, std::span<const std::size_t> labels, std::size_t bins) {
  check(probabilities, labels);
  if (bins == 0) throw Error(Code::kBadArgument, "reliability: expected at least one bin");
  const Confidences rows = confidences(probabilities, labels);
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows.confidence[a] < rows.confidence[b]; });
  double error = 0;
  const std::size_t used = std::min(bins, order.size());
  for (std::size_t b = 0; b < used; ++b) {
    double gap = 0;
    for (std::size_t i = b * order.size() / used; i < (b + 1) * order.size() / used; ++i) {
      gap += rows.confidence[order[i]] - rows.right[order[i]];
    }
    error += std::abs(gap);
  }
  return error / static_cast<double>(order.size());
}

Brier brier(const Scores& probabilities, std::span<const std::size_t> labels) {
  check(probabilities, labels);
  Brier found;
  std::vector<double> rows_of(probabilities.classes);
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const auto row = probabilities.row(r);
    for (std::size_t c = 0; c < row.size(); ++c) {
      const double off = row[c] - (labels[r] == c ? 1 : 0);
      found.sum += off * off;
    }
    ++rows_of[labels[r]];
  }
  const auto all = static_cast<double>(labels.size());
  found.sum /= all;
  found.half = found.sum / 2;
  double of_shares = 1;
  for (const double rows : rows_of) of_shares -= rows / all * (rows / all);
  // All rows of one class leave 1 - 1, which is 0 exactly.
  if (of_shares > 0) found.skill = 1 - found.sum / of_shares;
  return found;
}

double log_loss(const Scores& probabilities, std::span<const std::size_t> labels) {
  check(probabilities, labels);
  double sum = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) sum -= std::log(std::max(probabilities.row(r)[labels[r]], 1e-15));
  return sum / static_cast<double>(labels.size());
}

double fit_temperature(const Scores& logits, std::span<const std::size_t> labels) {
  check(logits, labels);
  double low = 1.0 / kMaxTemperature;
  double high = 1.0 / kMinTemperature;
  if (slope(logits, labels, low) >= 0) return kMaxTemperature;
  if (slope(logits, labels, high) <= 0) return kMinTemperature;
  // The loss is convex in the inverse temperature: bisection of its slope, on a logarithmic scale.
  for (int step = 0; step < 60; ++step) {
    const double middle = std::sqrt(low * high);
    (slope(logits, labels, middle) < 0 ? low : high) = middle;
  }
  return 1.0 / std::sqrt(low * high);
}

FittedTemperature fit_temperature_with_error(const Scores& logits, std::span<const std::size_t> labels,
                                             std::span<const std::size_t> groups) {
  FittedTemperature found{fit_temperature(logits, labels)};
  if (found.temperature == kMinTemperature || found.temperature == kMaxTemperature) return found;
  const Scores probabilities = softmax(logits, found.temperature);
  const std::vector<std::size_t> group_of = number_groups(groups, labels.size());
  std::vector<double> of_group(labels.size());
  double information = 0;
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const auto row = logits.row(r);
    const auto p = probabilities.row(r);
    double mean = 0;
    double square = 0;
    for (std::size_t c = 0; c < row.size(); ++c) {
      // Differences to the true class's logit: the softmax does not see what all have in common.
      const double scaled = (row[c] - row[labels[r]]) / found.temperature;
      mean += p[c] * scaled;
      square += p[c] * scaled * scaled;
    }
    of_group[group_of[r]] += mean;
    information += square - mean * mean;
  }
  double spread = 0;
  for (const double score : of_group) spread += score * score;
  if (information > 0) found.log_error = std::sqrt(spread) / information;
  return found;
}

}  // namespace mi2::evaluation
