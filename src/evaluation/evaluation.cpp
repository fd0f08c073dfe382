#include "evaluation/evaluation.hpp"

#include <utility>

namespace mi2::evaluation {
namespace {

/// What is needed to get the figures again under other weights.
class Figures {
 public:
  Figures(const Scores& scores, std::span<const std::size_t> labels)
      : labels_(labels), predicted_(predictions(scores)), classes_(scores.classes) {
    for (std::size_t c = 0; c < classes_; ++c) ranked_.push_back(rank(scores, labels, c));
  }

  [[nodiscard]] const std::vector<RankedScores>& ranked() const noexcept { return ranked_; }
  [[nodiscard]] const std::vector<std::size_t>& predicted() const noexcept { return predicted_; }

  /// Accuracy, balanced accuracy, mean area, then each class's area.
  [[nodiscard]] std::vector<std::optional<double>> under(std::span<const double> weights) const {
    std::vector<std::optional<double>> areas;
    for (const RankedScores& scores : ranked_) areas.push_back(scores.auc(weights));
    std::vector<std::optional<double>> all{accuracy(weights), balanced_accuracy(weights), mean_auc(areas)};
    all.insert(all.end(), areas.begin(), areas.end());
    return all;
  }

 private:
  [[nodiscard]] double accuracy(std::span<const double> weights) const {
    double right = 0;
    double all = 0;
    for (std::size_t r = 0; r < labels_.size(); ++r) {
      const double weight = weights.empty() ? 1.0 : weights[r];
      all += weight;
      if (predicted_[r] == labels_[r]) right += weight;
    }
    return right / all;
  }

  [[nodiscard]] double balanced_accuracy(std::span<const double> weights) const {
    std::vector<double> right(classes_);
    std::vector<double> all(classes_);
    for (std::size_t r = 0; r < labels_.size(); ++r) {
      const double weight = weights.empty() ? 1.0 : weights[r];
      all[labels_[r]] += weight;
      if (predicted_[r] == labels_[r]) right[labels_[r]] += weight;
    }
    double sum = 0;
    double occurring = 0;
    for (std::size_t c = 0; c < classes_; ++c) {
      if (all[c] <= 0) continue;
      sum += right[c] / all[c];
      ++occurring;
    }
    return sum / occurring;
  }

  std::span<const std::size_t> labels_;
  std::vector<std::size_t> predicted_;
  std::size_t classes_;
  std::vector<RankedScores> ranked_;
};

std::optional<double> difference(const std::optional<double>& a, const std::optional<double>& b) {
  return a && b ? std::optional(*a - *b) : std::nullopt;
}

}  // namespace

Evaluation evaluate(const Scores& probabilities, std::span<const std::size_t> labels, const BootstrapOptions& options) {
  check(probabilities, labels);
  const Figures figures(probabilities, labels);
  const std::vector<std::optional<double>> values = figures.under({});
  std::vector<std::optional<Interval>> intervals =
      bootstrap(labels, options, [&](std::span<const double> weights) { return figures.under(weights); });
  intervals.resize(values.size());

  Evaluation found;
  found.rows = labels.size();
  found.accuracy = {values[0], intervals[0]};
  found.balanced_accuracy = {values[1], intervals[1]};
  found.mean_auc = {values[2], intervals[2]};
  found.log_loss = log_loss(probabilities, labels);
  found.reliability = reliability(probabilities, labels);
  found.confusion = Confusion(probabilities.classes, labels, figures.predicted());
  found.averages = found.confusion.averages();
  found.matthews = found.confusion.matthews();
  for (std::size_t c = 0; c < probabilities.classes; ++c) {
    found.classes.push_back(
        {found.confusion.figures(c), {values[3 + c], intervals[3 + c]}, figures.ranked()[c].curve()});
  }
  return found;
}

Gain compare(const Scores& first, const Scores& second, std::span<const std::size_t> labels,
             const BootstrapOptions& options) {
  check(first, labels);
  check(second, labels);
  const Figures a(first, labels);
  const Figures b(second, labels);
  const auto gains = [&](std::span<const double> weights) {
    const auto left = a.under(weights);
    const auto right = b.under(weights);
    return std::vector<std::optional<double>>{difference(left[0], right[0]), difference(left[2], right[2])};
  };
  const auto values = gains({});
  std::vector<std::optional<Interval>> intervals = bootstrap(labels, options, gains);
  intervals.resize(values.size());
  return {{values[0], intervals[0]}, {values[1], intervals[1]}};
}

}  // namespace mi2::evaluation
