#include "adapter/torch/objective.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <torch/nn/functional/loss.h>

#include "adapter/torch/risk_sets.hpp"
#include "adapter/torch/tensors.hpp"
#include "evaluation/ages.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/findings.hpp"
#include "evaluation/roc.hpp"
#include "evaluation/survival.hpp"

namespace mi2::adapter {
namespace {

using torch::Tensor;

class LabelObjective : public Objective {
 public:
  LabelObjective(const AdapterDescription& shape, const Samples& train, const Samples& validation,
                 const FitOptions& options)
      : validation_(validation),
        y_(class_tensor(train)),
        weight_(class_weights(train, shape.labels.size(), options.balanced, torch::kFloat32)) {}

  [[nodiscard]] std::string_view name() const override { return "validation_mean_auc"; }

  [[nodiscard]] Tensor loss(const Tensor& logits, const Tensor& rows) const override {
    return torch::nn::functional::cross_entropy(logits, y_.index_select(0, rows),
                                                torch::nn::functional::CrossEntropyFuncOptions().weight(weight_));
  }

  [[nodiscard]] Validation validate(const evaluation::Scores& logits) const override {
    const evaluation::Scores probabilities = evaluation::softmax(logits);
    return {evaluation::mean_auc(probabilities, validation_.classes).value_or(0),
            evaluation::log_loss(probabilities, validation_.classes)};
  }

 private:
  const Samples& validation_;
  Tensor y_;
  Tensor weight_;
};

/// Binary cross entropy over the cells that are known.
class FindingObjective : public Objective {
 public:
  FindingObjective(const AdapterDescription& shape, const Samples& train, const Samples& validation,
                   const FitOptions& options)
      : validation_(validation), labels_(shape.labels.size()) {
    const Tensor cells = cells_of(train);
    y_ = cells.eq(1).to(torch::kFloat32);
    weight_ = cells.ne(evaluation::kUnknown).to(torch::kFloat32);
    if (!options.balanced) return;
    const Tensor known = weight_.sum(0);
    const Tensor with = y_.sum(0).clamp_min(1);
    const Tensor without = (known - y_.sum(0)).clamp_min(1);
    weight_ = weight_ * torch::where(y_.gt(0), known / (2 * with), known / (2 * without));
  }

  [[nodiscard]] std::string_view name() const override { return "validation_mean_auc"; }
  [[nodiscard]] bool says_something(const Tensor& rows) const override {
    return weight_.index_select(0, rows).sum().item<float>() > 0;
  }

  [[nodiscard]] Tensor loss(const Tensor& logits, const Tensor& rows) const override {
    const Tensor weight = weight_.index_select(0, rows);
    const Tensor cells =
        torch::binary_cross_entropy_with_logits(logits, y_.index_select(0, rows), weight, {}, at::Reduction::Sum);
    return cells / weight.sum();
  }

  [[nodiscard]] Validation validate(const evaluation::Scores& logits) const override {
    const std::vector<double> thresholds(labels_);
    const auto found = evaluation::evaluate_findings(logits, validation_.findings, thresholds, {0, 0.95, 0});
    double sum = 0;
    double cells = 0;
    for (std::size_t i = 0; i < logits.values.size(); ++i) {
      if (validation_.findings[i] == evaluation::kUnknown) continue;
      const double logit = validation_.findings[i] == 1 ? -logits.values[i] : logits.values[i];
      sum += std::max(logit, 0.0) + std::log1p(std::exp(-std::abs(logit)));
      ++cells;
    }
    return {found.mean_auc.value.value_or(0), cells > 0 ? sum / cells : 0};
  }

 private:
  [[nodiscard]] Tensor cells_of(const Samples& samples) const {
    return torch::tensor(at::ArrayRef<std::uint8_t>(samples.findings), torch::kUInt8)
        .view({static_cast<std::int64_t>(samples.rows()), static_cast<std::int64_t>(labels_)});
  }

  const Samples& validation_;
  std::size_t labels_;
  Tensor y_;
  Tensor weight_;
};

class NumberObjective : public Objective {
 public:
  NumberObjective(const Samples& train, const Samples& validation)
      : validation_(validation), y_(number_tensor(train, torch::kFloat32)) {}

  [[nodiscard]] std::string_view name() const override { return "validation_absolute_error"; }
  [[nodiscard]] Tensor loss(const Tensor& logits, const Tensor& rows) const override {
    return torch::l1_loss(logits.squeeze(1), y_.index_select(0, rows));
  }
  [[nodiscard]] Validation validate(const evaluation::Scores& logits) const override {
    const double error = evaluation::mean_absolute_error(logits.values, validation_.numbers, {}).value_or(0);
    return {error, error, true};
  }

 private:
  const Samples& validation_;
  Tensor y_;
};

class SurvivalObjective : public Objective {
 public:
  SurvivalObjective(const Samples& train, const Samples& validation, const FitOptions& options)
      : train_(train), validation_(validation), efron_(!options.breslow) {}

  [[nodiscard]] std::string_view name() const override { return "validation_c_index"; }
  [[nodiscard]] bool says_something(const Tensor& rows) const override {
    const std::vector<std::size_t> chosen = chosen_of(rows);
    return std::ranges::any_of(chosen, [&](std::size_t r) { return train_.classes[r] == 1; });
  }
  [[nodiscard]] Tensor loss(const Tensor& logits, const Tensor& rows) const override {
    const RiskSets sets(train_.numbers, train_.classes, chosen_of(rows), efron_);
    return -sets.log_likelihood(logits.squeeze(1)) / static_cast<double>(sets.events());
  }
  [[nodiscard]] Validation validate(const evaluation::Scores& logits) const override {
    const evaluation::SurvivalRows rows(logits.values, validation_.numbers, validation_.classes);
    std::vector<std::size_t> all(validation_.rows());
    for (std::size_t r = 0; r < all.size(); ++r) all[r] = r;
    const RiskSets sets(validation_.numbers, validation_.classes, all, efron_);
    double loss = 0;
    if (sets.events() > 0) {
      loss = -sets.log_likelihood(torch::tensor(logits.values, torch::kFloat64)).item<double>() /
             static_cast<double>(sets.events());
    }
    return {rows.concordance().index().value_or(0.5), loss};
  }

 private:
  [[nodiscard]] static std::vector<std::size_t> chosen_of(const Tensor& rows) {
    const auto* const begin = rows.data_ptr<std::int64_t>();
    return {begin, begin + rows.numel()};
  }

  const Samples& train_;
  const Samples& validation_;
  bool efron_;
};

}  // namespace

std::unique_ptr<Objective> make_objective(const AdapterDescription& shape, const Samples& train,
                                          const Samples& validation, const FitOptions& options) {
  switch (shape.target) {
    case Target::kLabel:
      return std::make_unique<LabelObjective>(shape, train, validation, options);
    case Target::kFindings:
      return std::make_unique<FindingObjective>(shape, train, validation, options);
    case Target::kNumber:
      return std::make_unique<NumberObjective>(train, validation);
    case Target::kOrdinal:
      throw Error(Code::kUnsupported, "train: target ordinal: an mlp has no objective of it");
    case Target::kSurvival:
      break;
  }
  return std::make_unique<SurvivalObjective>(train, validation, options);
}

}  // namespace mi2::adapter
