#include "adapter/training.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "adapter/calibrate.hpp"
#include "adapter/folds.hpp"
#include "adapter/standard.hpp"
#include "adapter/target_figures.hpp"
#include "adapter/target_rows.hpp"
#include "base/memory.hpp"
#include "evaluation/bootstrap.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/findings.hpp"

namespace mi2::adapter {
namespace {

/// No rows, of the same dimensions.
Samples none_of(const Samples& samples) { return {EmbeddingMatrix(0, samples.vectors.dimensions()), {}, {}}; }

std::span<const std::uint8_t> findings_of(const Samples& samples, std::size_t row) {
  const std::size_t labels = samples.rows() == 0 ? 0 : samples.findings.size() / samples.rows();
  return std::span(samples.findings).subspan(row * labels, labels);
}

Samples pick(const Samples& from, const std::vector<std::size_t>& rows) {
  Samples picked = none_of(from);
  for (const std::size_t r : rows) {
    picked.add(from.vectors.row(r), from.classes[r], from.ids[r]);
    if (!from.groups.empty()) picked.groups.push_back(from.groups[r]);
    if (!from.numbers.empty()) picked.numbers.push_back(from.numbers[r]);
    const std::span<const std::uint8_t> findings = findings_of(from, r);
    picked.findings.insert(picked.findings.end(), findings.begin(), findings.end());
  }
  return picked;
}

/// Numbers are fitted in units of their own spread; the errors of the fit are then said in the numbers' unit.
Fitted fit_scaled(const AdapterDescription& shape, const Samples& train, const Samples& validation,
                  const TrainOptions& options, const base::OnProgress& on_progress) {
  if (shape.target != Target::kNumber) return fit(shape, train, validation, options.fit, on_progress);
  const NumberScale scale(train.numbers);
  Fitted fitted = fit(shape, scale.apply(train), scale.apply(validation), options.fit, on_progress);
  scale.fold(fitted.tensors.rbegin()[1], fitted.tensors.back());
  for (const char* error : {"loss", "validation_loss", "validation_absolute_error"}) {
    if (const auto found = fitted.details.find(error); found != fitted.details.end()) found->second *= scale.spread;
  }
  return fitted;
}

Fitted fit_on(const AdapterDescription& shape, const Samples& train, const Samples& validation,
              const TrainOptions& options, const base::OnProgress& on_progress) {
  if (!options.standardize) return fit_scaled(shape, train, validation, options, on_progress);
  const Standard standard(train);
  Fitted fitted = fit_scaled(shape, standard.apply(train), standard.apply(validation), options, on_progress);
  standard.fold(fitted.tensors[0], fitted.tensors[1]);
  if (shape.target == Target::kOrdinal) keep_descending(fitted.tensors[1].values);
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
  if (train.groups.empty()) return folds_of_rows(train.classes, classes_of(set), options.folds, options.fit.seed);
  const std::size_t groups = part_of(train).groups;
  if (groups < 2) {
    throw Error(Code::kBadArgument,
                fmt::format("train: all training rows are of one '{}', so that none is left to calibrate on; expected "
                            "val rows of others",
                            set.grouped_by));
  }
  return folds_of_groups(train.classes, classes_of(set), train.groups, std::min(options.folds, groups));
}

/// What a cross-validation found, [rows, labels].
struct Judged {
  std::vector<double> logits;
  std::vector<std::uint8_t> known;  ///< whether the fit could know the label
};

/// Logits of a fold's rows by an adapter that has not seen them, and of which labels it could know.
void judge_fold(const AdapterDescription& shape, const Samples& train, const TrainOptions& options, const Folds& folds,
                std::size_t fold, Judged& judged) {
  const std::size_t labels = shape.labels.size();
  std::vector<std::size_t> seen;
  for (std::size_t r = 0; r < train.rows(); ++r) {
    if (folds.of_row[r] != fold) seen.push_back(r);
  }
  const std::vector<std::uint8_t> known = known_labels(shape.target, train, seen, labels);
  if (seen.size() == train.rows() || std::ranges::count(known, std::uint8_t{1}) == 0) return;
  const Adapter adapter(shape, fit_on(shape, pick(train, seen), none_of(train), options, {}).tensors);
  for (std::size_t r = 0; r < train.rows(); ++r) {
    if (folds.of_row[r] != fold) continue;
    const auto place = static_cast<std::ptrdiff_t>(r * labels);
    std::ranges::copy(known, judged.known.begin() + place);
    std::ranges::copy(adapter.logits(train.vectors.row(r)), judged.logits.begin() + place);
  }
}

/// Whether a row counts; rows and labels that could not be judged are counted.
bool count_judged(Target target, const Samples& train, std::size_t row, std::span<const std::uint8_t> known,
                  std::vector<std::size_t>& unjudged) {
  if (target == Target::kFindings) {
    for (std::size_t c = 0; c < known.size(); ++c) {
      if (known[c] == 0 && findings_of(train, row)[c] != evaluation::kUnknown) ++unjudged[c];
    }
    return std::ranges::count(known, std::uint8_t{1}) > 0;
  }
  const std::size_t label = is_one_label(target) ? train.classes[row] : 0;
  if (known[label] == 0) ++unjudged[label];
  return known[label] != 0;
}

/// The judged rows of a cross-validation.
/// @param parts  each fold's, of which only classes and groups are filled.
Evaluated rows_that_count(Target target, const Samples& train, const Folds& folds, const Judged& judged,
                          std::size_t labels, std::vector<Samples>& parts, std::vector<std::size_t>& unjudged) {
  Evaluated evaluated{"train, cross-validated", {labels, {}}, {}, {}};
  for (std::size_t r = 0; r < train.rows(); ++r) {
    const std::span<const std::uint8_t> known = std::span(judged.known).subspan(r * labels, labels);
    if (!count_judged(target, train, r, known, unjudged)) continue;
    const std::span<const double> row = std::span(judged.logits).subspan(r * labels, labels);
    evaluated.logits.values.insert(evaluated.logits.values.end(), row.begin(), row.end());
    evaluated.classes.push_back(train.classes[r]);
    evaluated.ids.push_back(train.ids[r]);
    evaluated.folds.push_back(folds.of_row[r]);
    if (!train.numbers.empty()) evaluated.numbers.push_back(train.numbers[r]);
    for (std::size_t c = 0; target == Target::kFindings && c < labels; ++c) {
      evaluated.findings.push_back(known[c] == 0 ? evaluation::kUnknown : findings_of(train, r)[c]);
    }
    Samples& part = parts[folds.of_row[r]];
    part.classes.push_back(train.classes[r]);
    if (train.groups.empty()) continue;
    evaluated.groups.push_back(train.groups[r]);
    part.groups.push_back(train.groups[r]);
  }
  return evaluated;
}

/// Logits of every training row that can be judged by an adapter that has not seen it.
Evaluated cross_validate(const AdapterDescription& shape, const Samples& train, const TrainOptions& options,
                         const Folds& folds, Splitting& split, const base::OnProgress& on_progress) {
  const std::size_t labels = shape.labels.size();
  Judged judged{std::vector<double>(train.rows() * labels), std::vector<std::uint8_t>(train.rows() * labels)};
  for (std::size_t fold = 0; fold < folds.count; ++fold) {
    judge_fold(shape, train, options, folds, fold, judged);
    if (on_progress) on_progress({kFits, fold + 1, folds.count + 1});
  }
  std::vector<Samples> parts(folds.count, none_of(train));
  split.unjudged.resize(labels);
  Evaluated evaluated = rows_that_count(shape.target, train, folds, judged, labels, parts, split.unjudged);
  for (const Samples& part : parts) {
    if (part.rows() > 0) split.folds.push_back(part_of(part));
  }
  if (!evaluated.classes.empty()) return evaluated;
  throw Error(Code::kBadArgument,
              is_one_label(shape.target)
                  ? "train: no training row can be judged by cross-validation, since nothing outside of its fold has "
                    "its label; expected more rows, or val rows"
                  : "train: no training row can be judged by cross-validation, since the rows outside of its fold say "
                    "nothing; expected more rows, or val rows");
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
  if (is_one_label(set.target) && set.labels.size() < 2) {
    throw Error(Code::kBadArgument, fmt::format("train: expected two or more labels, got {}", set.labels.size()));
  }
  if (set.target == Target::kOrdinal && options.kind != AdapterKind::kLinear) {
    throw Error(Code::kBadArgument, "train: target ordinal: expected kind linear, got mlp");
  }
  for (const Samples* samples : {&set.train, &set.validation, &set.test}) {
    if (samples->rows() > 0 && samples->vectors.dimensions() != set.train.vectors.dimensions()) {
      throw Error(Code::kBadArgument, fmt::format("train: embeddings of {} and of {} dimensions",
                                                  set.train.vectors.dimensions(), samples->vectors.dimensions()));
    }
  }
  check_truth(set);
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

std::map<std::string, double> settings_of(const TrainOptions& options, Target target, const Fitted& fitted,
                                          std::size_t rows) {
  std::map<std::string, double> settings = fitted.details;
  settings["rows"] = static_cast<double>(rows);
  settings["balanced"] = options.fit.balanced ? 1 : 0;
  if (target == Target::kSurvival) settings["efron"] = options.fit.breslow ? 0 : 1;
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

std::vector<std::size_t> rows_of_label(const TrainingSet& set, const Samples& train) {
  std::vector<std::size_t> rows(is_one_number(set.target) ? 0 : set.labels.size());
  for (std::size_t r = 0; is_one_label(set.target) && r < train.rows(); ++r) ++rows[train.classes[r]];
  for (std::size_t i = 0; i < train.findings.size(); ++i) rows[i % rows.size()] += train.findings[i] == 1 ? 1 : 0;
  return rows;
}

Evaluated evaluated_on(const char* rows, const Adapter& adapter, const Samples& samples) {
  return {rows,
          logits_of(adapter, samples),
          samples.classes,
          samples.ids,
          samples.groups,
          {},
          samples.numbers,
          samples.findings};
}

AdapterDescription shape_of(const TrainingSet& set, const TrainOptions& options) {
  AdapterDescription shape;
  shape.kind = options.kind;
  shape.target = set.target;
  shape.in_channels = static_cast<std::int64_t>(set.train.vectors.dimensions());
  shape.hidden_dim = options.kind == AdapterKind::kMlp ? options.hidden_dim : 0;
  shape.labels = set.labels;
  shape.embeddings = set.provenance;
  return shape;
}

}  // namespace

Adapter fit_all_rows(const TrainingSet& set, const TrainOptions& options, const base::OnProgress& on_progress) {
  const AdapterDescription shape = shape_of(set, options);
  check_size_of_fit(shape, set.train.rows(), options.fit, base::available_memory());
  return {shape, fit_on(shape, set.train, none_of(set.train), options, on_progress).tensors};
}

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
  AdapterDescription shape = shape_of(set, options);
  check_size_of_fit(shape, set.train.rows(), options.fit, base::available_memory());

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
  if (from_train) hold_out(train, validation, classes_of(set), set.grouped_by, options);
  if (set.grouped_by.empty()) {
    split.near_equal = near_equal_rows(set, train, validation, folds.of_row, folds.count, options.fit.threads);
  }

  Fitted fitted = fit_on(shape, train, validation, options, held_out ? base::OnProgress() : on_progress);
  if (held_out && on_progress) on_progress({kFits, folds.count + 1, folds.count + 1});
  const Adapter plain(shape, fitted.tensors);
  if (!held_out) held_out = evaluated_on(from_train ? "held out of train" : "val", plain, validation);
  Calibration calibration = calibrate_for(set.target, *held_out);
  shape.temperature = calibration.temperature;
  shape.operating_points = std::move(calibration.thresholds);
  shape.training = settings_of(options, set.target, fitted, train.rows());
  Evaluated evaluation = set.test.rows() > 0 ? evaluated_on("test", plain, set.test) : *held_out;
  shape.evaluated_on = evaluation.rows;
  shape.metrics =
      set.target == Target::kLabel ? metrics_of(evaluation, shape.temperature) : target_metrics(shape, evaluation);
  split.train = part_of(train);
  split.held_out = {held_out->classes.size(), std::set(held_out->groups.begin(), held_out->groups.end()).size()};
  split.test = part_of(set.test);
  return {Adapter(std::move(shape), fitted.tensors),
          std::move(*held_out),
          std::move(evaluation),
          train.rows(),
          rows_of_label(set, train),
          evaluation::count_groups(train.classes, train.groups, classes_of(set)),
          std::move(calibration.why_not),
          std::move(split),
          !train.folds.empty(),
          set.target == Target::kSurvival || train.numbers.empty() ? 0 : NumberScale(train.numbers).centre};
}

}  // namespace mi2::adapter
