#include "evaluation/evaluation.hpp"

#include <utility>

namespace mi2::evaluation {
namespace {

/// What is needed to get the figures again under other weights.
class Figures {
 public:
  Figures(const Scores& scores, std::span<const std::size_t> truth)
      : truth_(truth), predicted_(predictions(scores)), classes_(scores.classes) {
    for (std::size_t c = 0; c < classes_; ++c) ranked_.push_back(rank(scores, truth, c));
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
    for (std::size_t r = 0; r < truth_.size(); ++r) {
      const double weight = weights.empty() ? 1.0 : weights[r];
      all += weight;
      if (predicted_[r] == truth_[r]) right += weight;
    }
    return right / all;
  }

  [[nodiscard]] double balanced_accuracy(std::span<const double> weights) const {
    std::vector<double> right(classes_);
    std::vector<double> all(classes_);
    for (std::size_t r = 0; r < truth_.size(); ++r) {
      const double weight = weights.empty() ? 1.0 : weights[r];
      all[truth_[r]] += weight;
      if (predicted_[r] == truth_[r]) right[truth_[r]] += weight;
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

  std::span<const std::size_t> truth_;
  std::vector<std::size_t> predicted_;
  std::size_t classes_;
  std::vector<RankedScores> ranked_;
};

std::optional<double> difference(const std::optional<double>& a, const std::optional<double>& b) {
  return a && b ? std::optional(*a - *b) : std::nullopt;
}

}  // namespace

Evaluation evaluate(const Scores& probabilities, std::span<const std::size_t> truth, const BootstrapOptions& options) {
  check(probabilities, truth);
  const Figures figures(probabilities, truth);
  const std::vector<std::optional<double>> values = figures.under({});
  std::vector<std::optional<Interval>> intervals =
      bootstrap(truth, options, [&](std::span<const double> weights) { return figures.under(weights); });
  intervals.resize(values.size());

  Evaluation found;
  found.rows = truth.size();
  found.accuracy = {values[0], intervals[0]};
  found.balanced_accuracy = {values[1], intervals[1]};
  found.mean_auc = {values[2], intervals[2]};
  found.log_loss = log_loss(probabilities, truth);
  found.reliability = reliability(probabilities, truth);
  found.confusion = Confusion(probabilities.classes, truth, figures.predicted());
  for (std::size_t c = 0; c < probabilities.classes; ++c) {
    found.classes.push_back(
        {found.confusion.figures(c), {values[3 + c], intervals[3 + c]}, figures.ranked()[c].curve()});
  }
  return found;
}

Gain compare(const Scores& first, const Scores& second, std::span<const std::size_t> truth,
             const BootstrapOptions& options) {
  check(first, truth);
  check(second, truth);
  const Figures a(first, truth);
  const Figures b(second, truth);
  const auto gains = [&](std::span<const double> weights) {
    const auto left = a.under(weights);
    const auto right = b.under(weights);
    return std::vector<std::optional<double>>{difference(left[0], right[0]), difference(left[2], right[2])};
  };
  const auto values = gains({});
  std::vector<std::optional<Interval>> intervals = bootstrap(truth, options, gains);
  intervals.resize(values.size());
  return {{values[0], intervals[0]}, {values[1], intervals[1]}};
}

}  // namespace mi2::evaluation
