#include "adapter/training.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "adapter/calibrate.hpp"
#include "adapter/folds.hpp"
#include "evaluation/bootstrap.hpp"
#include "evaluation/evaluation.hpp"

namespace mi2::adapter {
namespace {

/// No rows, of the same dimensions.
Samples none_of(const Samples& samples) { return {EmbeddingMatrix(0, samples.vectors.dimensions()), {}, {}}; }

Samples pick(const Samples& from, const std::vector<std::size_t>& rows) {
  Samples picked = none_of(from);
  for (const std::size_t r : rows) {
    picked.add(from.vectors.row(r), from.classes[r], from.ids[r]);
    if (!from.groups.empty()) picked.groups.push_back(from.groups[r]);
  }
  return picked;
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

/// The caller's folds, as they are.
Folds given_folds(const Samples& train, const std::string& grouped_by) {
  const Folds folds{train.folds, *std::max_element(train.folds.begin(), train.folds.end()) + 1};
  if (folds.count < 2) throw Error(Code::kBadArgument, "train: expected two or more folds, got 1");
  std::map<std::size_t, std::size_t> fold_of;
  for (std::size_t r = 0; r < train.groups.size(); ++r) {
    if (fold_of.try_emplace(train.groups[r], train.folds[r]).first->second == train.folds[r]) continue;
    throw Error(Code::kBadArgument,
                fmt::format("train: the fold column puts rows of one '{}' into two folds; expected each in one fold",
                            grouped_by));
  }
  return folds;
}

Folds choose_folds(const TrainingSet& set, const TrainOptions& options) {
  const Samples& train = set.train;
  if (!train.folds.empty()) return given_folds(train, set.grouped_by);
  if (train.groups.empty()) return folds_of_rows(train.classes, set.labels.size(), options.folds, options.fit.seed);
  const std::size_t groups = part_of(train).groups;
  if (groups < 2) {
    throw Error(Code::kBadArgument,
                fmt::format("train: all training rows are of one '{}', so that none is left to calibrate on; expected "
                            "val rows of others",
                            set.grouped_by));
  }
  return folds_of_groups(train.classes, set.labels.size(), train.groups, std::min(options.folds, groups));
}

/// Logits of a fold's rows by an adapter that has not seen them, and which of them it could judge.
void judge_fold(const AdapterDescription& shape, const Samples& train, const TrainOptions& options, const Folds& folds,
                std::size_t fold, std::vector<std::uint8_t>& judged, std::vector<double>& logits) {
  const std::size_t classes = shape.labels.size();
  std::vector<std::size_t> seen;
  std::vector<std::uint8_t> known(classes);
  for (std::size_t r = 0; r < train.rows(); ++r) {
    if (folds.of_row[r] == fold) continue;
    seen.push_back(r);
    known[train.classes[r]] = 1;
  }
  if (seen.size() == train.rows() || std::count(known.begin(), known.end(), std::uint8_t{1}) < 2) return;
  const Adapter adapter(shape, fit_on(shape, pick(train, seen), none_of(train), options, {}).tensors);
  for (std::size_t r = 0; r < train.rows(); ++r) {
    if (folds.of_row[r] != fold || known[train.classes[r]] == 0) continue;
    judged[r] = 1;
    const std::vector<double> found = adapter.logits(train.vectors.row(r));
    std::copy(found.begin(), found.end(), logits.begin() + static_cast<std::ptrdiff_t>(r * classes));
  }
}

/// Logits of every training row that can be judged by an adapter that has not seen it.
Evaluated cross_validate(const AdapterDescription& shape, const Samples& train, const TrainOptions& options,
                         const Folds& folds, Splitting& split, const base::OnProgress& on_progress) {
  const std::size_t classes = shape.labels.size();
  std::vector<std::uint8_t> judged(train.rows());
  std::vector<double> logits(train.rows() * classes);
  for (std::size_t fold = 0; fold < folds.count; ++fold) {
    judge_fold(shape, train, options, folds, fold, judged, logits);
    if (on_progress) on_progress({kFits, fold + 1, folds.count + 1});
  }
  Evaluated evaluated{"train, cross-validated", {classes, {}}, {}, {}};
  std::vector<Samples> parts(folds.count, none_of(train));
  split.unjudged.resize(classes);
  for (std::size_t r = 0; r < train.rows(); ++r) {
    if (judged[r] == 0) {
      ++split.unjudged[train.classes[r]];
      continue;
    }
    const std::span<const double> row = std::span(logits).subspan(r * classes, classes);
    evaluated.logits.values.insert(evaluated.logits.values.end(), row.begin(), row.end());
    evaluated.classes.push_back(train.classes[r]);
    evaluated.ids.push_back(train.ids[r]);
    evaluated.folds.push_back(folds.of_row[r]);
    if (!train.groups.empty()) evaluated.groups.push_back(train.groups[r]);
    Samples& part = parts[folds.of_row[r]];
    part.classes.push_back(train.classes[r]);
    if (!train.groups.empty()) part.groups.push_back(train.groups[r]);
  }
  for (const Samples& part : parts) {
    if (part.rows() > 0) split.folds.push_back(part_of(part));
  }
  if (!evaluated.classes.empty()) return evaluated;
  throw Error(Code::kBadArgument,
              "train: no training row can be judged by cross-validation, since nothing outside of its fold has its "
              "label; expected more rows, or val rows");
}

/// Moves a share of each class's training rows to validation.
void hold_out(Samples& train, Samples& validation, std::size_t classes, const std::string& grouped_by,
              const TrainOptions& options) {
  const double share = options.validation_share;
  const std::vector<std::uint8_t> is_held =
      train.groups.empty() ? share_of_rows(train.classes, classes, share, options.fit.seed)
                           : share_of_groups(train.classes, classes, train.groups, share, options.fit.seed);
  std::vector<std::size_t> kept;
  std::vector<std::size_t> held;
  for (std::size_t r = 0; r < is_held.size(); ++r) (is_held[r] != 0 ? held : kept).push_back(r);
  if (held.empty() && !train.groups.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("train: no '{}' can be held out without a label losing all of its training rows; expected "
                            "val rows",
                            grouped_by));
  }
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

Evaluated evaluated_on(const char* rows, const Adapter& adapter, const Samples& samples) {
  return {rows, logits_of(adapter, samples), samples.classes, samples.ids, samples.groups};
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
  Splitting split;
  split.grouped_by = set.grouped_by;
  split.shared = shared_groups(set);
  std::optional<Evaluated> held_out;
  Folds folds;
  if (validation.rows() == 0 && options.kind == AdapterKind::kLinear) {
    folds = choose_folds(set, options);
    held_out = cross_validate(shape, train, options, folds, split, on_progress);
  }
  const bool from_train = validation.rows() == 0 && options.kind == AdapterKind::kMlp;
  if (from_train) hold_out(train, validation, set.labels.size(), set.grouped_by, options);
  if (set.grouped_by.empty()) {
    split.near_equal = near_equal_rows(set, train, validation, folds.of_row, folds.count, options.fit.threads);
  }

  Fitted fitted = fit_on(shape, train, validation, options, held_out ? base::OnProgress() : on_progress);
  if (held_out && on_progress) on_progress({kFits, folds.count + 1, folds.count + 1});
  const Adapter plain(shape, fitted.tensors);
  if (!held_out) held_out = evaluated_on(from_train ? "held out of train" : "val", plain, validation);
  Calibration calibration = calibrate(*held_out);
  shape.temperature = calibration.temperature;
  shape.operating_points = std::move(calibration.thresholds);
  shape.training = settings_of(options, fitted, train.rows());
  Evaluated evaluation = set.test.rows() > 0 ? evaluated_on("test", plain, set.test) : *held_out;
  shape.evaluated_on = evaluation.rows;
  shape.metrics = metrics_of(evaluation, shape.temperature);
  split.train = part_of(train);
  split.held_out = {held_out->classes.size(), std::set(held_out->groups.begin(), held_out->groups.end()).size()};
  split.test = part_of(set.test);
  std::vector<std::size_t> rows_of_label(set.labels.size());
  for (const std::size_t c : train.classes) ++rows_of_label[c];
  return {Adapter(std::move(shape), fitted.tensors),
          std::move(*held_out),
          std::move(evaluation),
          train.rows(),
          std::move(rows_of_label),
          evaluation::count_groups(train.classes, train.groups, set.labels.size()),
          std::move(calibration.why_not),
          std::move(split),
          !train.folds.empty()};
}

}  // namespace mi2::adapter
