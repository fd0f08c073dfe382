#include "adapter/training.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "evaluation/calibration.hpp"
#include "evaluation/draw.hpp"
#include "evaluation/evaluation.hpp"

namespace mi2::adapter {
namespace {

/// No rows, of the same dimensions.
Samples none_of(const Samples& samples) { return {EmbeddingMatrix(0, samples.vectors.dimensions()), {}, {}}; }

Samples pick(const Samples& from, const std::vector<std::size_t>& rows) {
  Samples picked = none_of(from);
  for (const std::size_t r : rows) picked.add(from.vectors.row(r), from.classes[r], from.ids[r]);
  return picked;
}

/// The rows of each class, in a random order.
std::vector<std::vector<std::size_t>> strata(const Samples& samples, std::size_t classes, std::uint64_t seed) {
  std::vector<std::vector<std::size_t>> rows(classes);
  for (std::size_t r = 0; r < samples.rows(); ++r) rows[samples.classes[r]].push_back(r);
  std::mt19937_64 random(seed);
  for (std::vector<std::size_t>& list : rows) evaluation::shuffle(list, random);
  return rows;
}

/// Each dimension's mean and deviation; a dimension that never changes has deviation 1.
class Standard {
 public:
  explicit Standard(const Samples& samples)
      : mean_(samples.vectors.dimensions()), deviation_(samples.vectors.dimensions()) {
    const auto rows = static_cast<double>(samples.rows());
    for (std::size_t r = 0; r < samples.rows(); ++r) {
      for (std::size_t d = 0; d < mean_.size(); ++d) mean_[d] += samples.vectors.row(r)[d] / rows;
    }
    for (std::size_t r = 0; r < samples.rows(); ++r) {
      for (std::size_t d = 0; d < mean_.size(); ++d) {
        deviation_[d] += (samples.vectors.row(r)[d] - mean_[d]) * (samples.vectors.row(r)[d] - mean_[d]) / rows;
      }
    }
    for (double& value : deviation_) value = value > 0 ? std::sqrt(value) : 1.0;
  }

  [[nodiscard]] Samples apply(Samples samples) const {
    for (std::size_t r = 0; r < samples.rows(); ++r) {
      const std::span<float> row = samples.vectors.row(r);
      for (std::size_t d = 0; d < row.size(); ++d) row[d] = static_cast<float>((row[d] - mean_[d]) / deviation_[d]);
    }
    return samples;
  }

  /// Changes a first layer so that it takes embeddings as they are.
  void fold(AdapterTensor& weight, AdapterTensor& bias) const {
    for (std::size_t o = 0; o < bias.values.size(); ++o) {
      double shift = bias.values[o];
      for (std::size_t d = 0; d < mean_.size(); ++d) {
        const double scaled = weight.values[o * mean_.size() + d] / deviation_[d];
        shift -= scaled * mean_[d];
        weight.values[o * mean_.size() + d] = static_cast<float>(scaled);
      }
      bias.values[o] = static_cast<float>(shift);
    }
  }

 private:
  std::vector<double> mean_;
  std::vector<double> deviation_;
};

Fitted fit_on(const AdapterDescription& shape, const Samples& train, const Samples& validation,
              const TrainOptions& options, const base::OnProgress& on_progress) {
  if (!options.standardize) return fit(shape, train, validation, options.fit, on_progress);
  const Standard standard(train);
  Fitted fitted = fit(shape, standard.apply(train), standard.apply(validation), options.fit, on_progress);
  standard.fold(fitted.tensors[0], fitted.tensors[1]);
  return fitted;
}

/// Logits of every training row by an adapter that has not seen it.
Evaluated cross_validate(const AdapterDescription& shape, const Samples& train, const TrainOptions& options,
                         const base::OnProgress& on_progress) {
  std::vector<std::size_t> fold_of(train.rows());
  for (const auto& rows : strata(train, shape.labels.size(), options.fit.seed)) {
    for (std::size_t i = 0; i < rows.size(); ++i) fold_of[rows[i]] = i % options.folds;
  }
  const std::size_t classes = shape.labels.size();
  Evaluated evaluated{
      "train, cross-validated", {classes, std::vector<double>(train.rows() * classes)}, train.classes, train.ids};
  for (std::size_t fold = 0; fold < options.folds; ++fold) {
    std::vector<std::size_t> seen;
    for (std::size_t r = 0; r < train.rows(); ++r) {
      if (fold_of[r] != fold) seen.push_back(r);
    }
    const Adapter adapter(shape, fit_on(shape, pick(train, seen), none_of(train), options, {}).tensors);
    for (std::size_t r = 0; r < train.rows(); ++r) {
      if (fold_of[r] != fold) continue;
      const std::vector<double> logits = adapter.logits(train.vectors.row(r));
      std::copy(logits.begin(), logits.end(),
                evaluated.logits.values.begin() + static_cast<std::ptrdiff_t>(r * classes));
    }
    if (on_progress) on_progress({kFits, fold + 1, options.folds + 1});
  }
  return evaluated;
}

/// Moves a share of each class's training rows to validation.
void hold_out(Samples& train, Samples& validation, std::size_t classes, double share, std::uint64_t seed) {
  std::vector<std::size_t> kept;
  std::vector<std::size_t> held;
  for (const auto& rows : strata(train, classes, seed)) {
    const auto wanted = static_cast<std::size_t>(std::lround(share * static_cast<double>(rows.size())));
    const std::size_t out = rows.size() < 2 ? 0 : std::clamp<std::size_t>(wanted, 1, rows.size() - 1);
    for (std::size_t i = 0; i < rows.size(); ++i) (i < out ? held : kept).push_back(rows[i]);
  }
  std::sort(kept.begin(), kept.end());
  std::sort(held.begin(), held.end());
  validation = pick(train, held);
  train = pick(train, kept);
}

void check(const TrainingSet& set, const TrainOptions& options) {
  if (set.labels.size() < 2) {
    throw Error(Code::kBadArgument, fmt::format("train: expected two or more labels, got {}", set.labels.size()));
  }
  for (const Samples* samples : {&set.train, &set.validation, &set.test}) {
    if (samples->rows() > 0 && samples->vectors.dimensions() != set.train.vectors.dimensions()) {
      throw Error(Code::kBadArgument, fmt::format("train: embeddings of {} and of {} dimensions",
                                                  set.train.vectors.dimensions(), samples->vectors.dimensions()));
    }
  }
  std::vector<std::size_t> rows(set.labels.size());
  for (const std::size_t c : set.train.classes) ++rows.at(c);
  for (std::size_t c = 0; c < rows.size(); ++c) {
    if (rows[c] > 0) continue;
    throw Error(Code::kBadArgument, fmt::format("train: label {} of {} has no training row", c + 1, rows.size()));
  }
  const FitOptions& fit = options.fit;
  if (!(fit.c > 0) || !(fit.learning_rate > 0) || !(fit.weight_decay >= 0) || fit.batch == 0 || fit.epochs == 0 ||
      options.folds < 2 || !(options.validation_share > 0 && options.validation_share < 1)) {
    throw Error(Code::kBadArgument, "train: an option is out of range");
  }
}

std::vector<Thresholds> thresholds_on(const Evaluated& evaluated, double temperature) {
  const evaluation::Scores probabilities = evaluation::softmax(evaluated.logits, temperature);
  std::vector<Thresholds> thresholds;
  for (std::size_t c = 0; c < probabilities.classes; ++c) {
    const auto curve = evaluation::rank(probabilities, evaluated.classes, c).curve();
    thresholds.push_back({evaluation::youden_point(curve), evaluation::sensitivity_point(curve, kSensitivity)});
  }
  return thresholds;
}

std::map<std::string, double> metrics_of(const Evaluated& evaluated, double temperature) {
  const evaluation::Scores probabilities = evaluation::softmax(evaluated.logits, temperature);
  const evaluation::Evaluation found = evaluation::evaluate(probabilities, evaluated.classes, {0, 0.95, 0});
  std::map<std::string, double> figures{{"rows", static_cast<double>(found.rows)},
                                        {"accuracy", *found.accuracy.value},
                                        {"balanced_accuracy", *found.balanced_accuracy.value},
                                        {"macro_f1", found.averages.macro.f1},
                                        {"mcc", found.matthews},
                                        {"log_loss", found.log_loss},
                                        {"expected_calibration_error", found.reliability.expected_error}};
  if (found.mean_auc.value) figures["mean_auc"] = *found.mean_auc.value;
  return figures;
}

std::map<std::string, double> settings_of(const TrainOptions& options, const Fitted& fitted, std::size_t rows) {
  std::map<std::string, double> settings = fitted.details;
  settings["rows"] = static_cast<double>(rows);
  settings["balanced"] = options.fit.balanced ? 1 : 0;
  settings["standardize"] = options.standardize ? 1 : 0;
  settings["seed"] = static_cast<double>(options.fit.seed);
  if (options.kind == AdapterKind::kLinear) {
    settings["c"] = options.fit.c;
    return settings;
  }
  settings["learning_rate"] = options.fit.learning_rate;
  settings["weight_decay"] = options.fit.weight_decay;
  settings["batch"] = static_cast<double>(options.fit.batch);
  return settings;
}

}  // namespace

evaluation::Scores logits_of(const Adapter& adapter, const Samples& samples) {
  evaluation::Scores scores{adapter.labels().size(), {}};
  for (std::size_t r = 0; r < samples.rows(); ++r) {
    const std::vector<double> logits = adapter.logits(samples.vectors.row(r));
    scores.values.insert(scores.values.end(), logits.begin(), logits.end());
  }
  return scores;
}

TrainedAdapter train_adapter(const TrainingSet& set, const TrainOptions& options, const base::OnProgress& on_progress) {
  check(set, options);
  AdapterDescription shape;
  shape.kind = options.kind;
  shape.in_channels = static_cast<std::int64_t>(set.train.vectors.dimensions());
  shape.hidden_dim = options.kind == AdapterKind::kMlp ? options.hidden_dim : 0;
  shape.labels = set.labels;
  shape.embeddings = set.provenance;

  Samples train = set.train;
  Samples validation = set.validation;
  std::optional<Evaluated> held_out;
  if (validation.rows() == 0 && options.kind == AdapterKind::kLinear) {
    held_out = cross_validate(shape, train, options, on_progress);
  }
  const bool from_train = validation.rows() == 0 && options.kind == AdapterKind::kMlp;
  if (from_train) hold_out(train, validation, set.labels.size(), options.validation_share, options.fit.seed);

  Fitted fitted = fit_on(shape, train, validation, options, held_out ? base::OnProgress() : on_progress);
  if (held_out && on_progress) on_progress({kFits, options.folds + 1, options.folds + 1});
  const Adapter plain(shape, fitted.tensors);
  if (!held_out) {
    held_out = Evaluated{from_train ? "held out of train" : "val", logits_of(plain, validation), validation.classes,
                         validation.ids};
  }
  // On rows that are all right the loss falls with the temperature to its bound, and every answer would be 1.
  const bool calibrated = evaluation::top_k_accuracy(held_out->logits, held_out->classes, 1) < 1;
  shape.temperature = calibrated ? evaluation::fit_temperature(held_out->logits, held_out->classes) : 1.0;
  shape.operating_points = thresholds_on(*held_out, shape.temperature);
  shape.training = settings_of(options, fitted, train.rows());
  Evaluated evaluation =
      set.test.rows() > 0 ? Evaluated{"test", logits_of(plain, set.test), set.test.classes, set.test.ids} : *held_out;
  shape.evaluated_on = evaluation.rows;
  shape.metrics = metrics_of(evaluation, shape.temperature);
  std::vector<std::size_t> rows_of_label(set.labels.size());
  for (const std::size_t c : train.classes) ++rows_of_label[c];
  return {Adapter(std::move(shape), fitted.tensors),
          std::move(*held_out),
          std::move(evaluation),
          train.rows(),
          std::move(rows_of_label),
          calibrated};
}

}  // namespace mi2::adapter
