#include "evaluation/evaluation.hpp"

#include <algorithm>
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

/// Which figures the rows can give an interval.
class FigureSupport {
 public:
  FigureSupport(std::span<const std::size_t> labels, std::span<const std::size_t> groups, std::size_t classes) {
    for (const GroupsOfClass& count : count_groups(labels, groups, classes)) {
      const bool enough = count.with >= kFewestForInterval && count.without >= kFewestForInterval;
      of_class_.push_back(enough);
      if (count.with > 0) of_all_ = of_all_ && enough;
    }
    for (const std::size_t group : number_groups(groups, labels.size())) groups_ = std::max(groups_, group + 1);
  }

  [[nodiscard]] bool of_rows() const noexcept { return groups_ >= kFewestForInterval; }
  /// Of a mean over the classes that occur.
  [[nodiscard]] bool of_all() const noexcept { return of_all_; }
  [[nodiscard]] bool of_class(std::size_t c) const { return of_class_[c]; }

 private:
  std::vector<bool> of_class_;
  bool of_all_ = true;
  std::size_t groups_ = 0;
};

Figure supported_figure(const std::optional<double>& value, const std::optional<Interval>& interval, bool supported) {
  return {value, supported ? interval : std::nullopt};
}

/// That samples all agree says that the rows are few or all right, not that the figure is certain.
Figure varied_figure(const std::optional<double>& value, const std::optional<Interval>& interval, bool supported) {
  return supported_figure(value, interval, supported && interval && interval->low < interval->high);
}

}  // namespace

Evaluation evaluate(const Scores& probabilities, std::span<const std::size_t> labels, const BootstrapOptions& options,
                    std::span<const std::size_t> groups) {
  check(probabilities, labels);
  const Figures figures(probabilities, labels);
  const std::vector<std::optional<double>> values = figures.under({});
  std::vector<std::optional<Interval>> intervals =
      bootstrap(labels, groups, options, [&](std::span<const double> weights) { return figures.under(weights); });
  intervals.resize(values.size());
  const FigureSupport support(labels, groups, probabilities.classes);

  Evaluation found;
  found.rows = labels.size();
  found.accuracy = varied_figure(values[0], intervals[0], support.of_rows());
  found.balanced_accuracy = varied_figure(values[1], intervals[1], support.of_all());
  found.mean_auc = varied_figure(values[2], intervals[2], support.of_all());
  found.log_loss = log_loss(probabilities, labels);
  found.reliability = reliability(probabilities, labels);
  found.confusion = Confusion(probabilities.classes, labels, figures.predicted());
  found.averages = found.confusion.averages();
  found.matthews = found.confusion.matthews();
  for (std::size_t c = 0; c < probabilities.classes; ++c) {
    found.classes.push_back({found.confusion.figures(c),
                             varied_figure(values[3 + c], intervals[3 + c], support.of_class(c)),
                             figures.ranked()[c].curve()});
  }
  return found;
}

Gain compare(const Scores& first, const Scores& second, std::span<const std::size_t> labels,
             const BootstrapOptions& options, std::span<const std::size_t> groups) {
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
  std::vector<std::optional<Interval>> intervals = bootstrap(labels, groups, options, gains);
  intervals.resize(values.size());
  const FigureSupport support(labels, groups, first.classes);
  return {supported_figure(values[0], intervals[0], support.of_rows()),
          supported_figure(values[1], intervals[1], support.of_all())};
}

}  // namespace mi2::evaluation
