#include "adapter/torch/fit_mlp.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <tuple>
#include <utility>

#include <ATen/CPUGeneratorImpl.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adamw.h>

#include "adapter/torch/objective.hpp"
#include "adapter/torch/tensors.hpp"

namespace mi2::adapter {
namespace {

using torch::Tensor;

/// The toolkit's adapter. Over a sequence of length one only a convolution's middle tap meets data: that one is
/// trained, the others are written as zeros.
class Mlp {
 public:
  Mlp(const AdapterDescription& shape, const at::Generator& random) {
    double bound = 0;
    for (const AdapterTensor& wanted : layout_of(shape)) {
      const std::vector<std::int64_t> matrix(
          wanted.shape.begin(), wanted.shape.begin() + std::min<std::ptrdiff_t>(2, std::ssize(wanted.shape)));
      Tensor tensor = torch::empty(matrix, torch::kFloat32);
      if (wanted.shape.size() > 1) {
        // The start of torch.nn.Linear and Conv1d: even within 1 / sqrt(inputs of an output), weight and bias alike.
        const std::int64_t taps = wanted.shape.size() == 3 ? wanted.shape[2] : 1;
        bound = 1.0 / std::sqrt(static_cast<double>(wanted.shape[1] * taps));
      }
      if (wanted.name.starts_with("vision_embd.3")) {
        tensor.fill_(wanted.name.ends_with("weight") ? 1.0 : 0.0);
      } else {
        tensor.uniform_(-bound, bound, random);
      }
      layout_.push_back(wanted);
      parameters_.push_back(tensor.requires_grad_(true));
    }
  }

  [[nodiscard]] const std::vector<Tensor>& parameters() const noexcept { return parameters_; }

  /// x [rows, in_channels] -> [rows, labels].
  [[nodiscard]] Tensor forward(const Tensor& x) const {
    const auto& p = parameters_;
    Tensor y = torch::linear(torch::gelu(torch::linear(x, p[0], p[1])), p[2], p[3]);
    y = torch::gelu(torch::linear(torch::layer_norm(y, {kMlpWidth}, p[4], p[5]), p[6], p[7]));
    return torch::linear(torch::linear(y, p[8], p[9]), p[10], p[11]);
  }

  [[nodiscard]] std::vector<AdapterTensor> tensors() const {
    const torch::NoGradGuard guard;
    std::vector<AdapterTensor> list = layout_;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const bool taps = list[i].shape.size() == 3;
      const Tensor zeros = taps ? torch::zeros_like(parameters_[i]) : Tensor();
      list[i].values = values_of(taps ? torch::stack({zeros, parameters_[i], zeros}, 2) : parameters_[i]);
    }
    return list;
  }

 private:
  std::vector<AdapterTensor> layout_;
  std::vector<Tensor> parameters_;
};

/// One pass over the rows in a random order. @returns the mean loss of its batches.
double run_epoch(const Mlp& mlp, torch::optim::AdamW& optimizer, const Tensor& x, const Objective& objective,
                 std::int64_t batch, at::Generator random) {
  const Tensor order = torch::randperm(x.size(0), random, torch::TensorOptions(torch::kInt64));
  double sum = 0;
  std::int64_t batches = 0;
  for (const Tensor& rows : order.split(batch)) {
    if (!objective.says_something(rows)) continue;
    optimizer.zero_grad();
    Tensor loss = objective.loss(mlp.forward(x.index_select(0, rows)), rows);
    loss.backward();
    optimizer.step();
    sum += loss.item<double>();
    ++batches;
  }
  return batches == 0 ? 0.0 : sum / static_cast<double>(batches);
}

Validation validate(const Mlp& mlp, const Tensor& x, const Objective& objective, std::size_t labels) {
  const torch::NoGradGuard guard;
  const Tensor logits = mlp.forward(x).to(torch::kFloat64).contiguous();
  const evaluation::Scores scores{labels, {logits.data_ptr<double>(), logits.data_ptr<double>() + logits.numel()}};
  for (const double value : scores.values) check_loss(value);
  return objective.validate(scores);
}

}  // namespace

Fitted fit_mlp(const AdapterDescription& shape, const Samples& train, const Samples& validation,
               const FitOptions& options, const base::OnProgress& on_progress) {
  if (validation.rows() == 0) throw Error(Code::kBadArgument, "train: an mlp adapter needs validation rows");
  const at::Generator random = at::make_generator<at::CPUGeneratorImpl>(options.seed);
  const Mlp mlp(shape, random);
  torch::optim::AdamW optimizer(mlp.parameters(),
                                torch::optim::AdamWOptions(options.learning_rate).weight_decay(options.weight_decay));
  const Tensor x = embeddings_of(train, torch::kFloat32);
  const Tensor validation_x = embeddings_of(validation, torch::kFloat32);
  const auto objective = make_objective(shape, train, validation, options);

  Fitted best;
  Validation best_validation;
  std::size_t best_epoch = 0;
  std::size_t epoch = 0;
  while (epoch < options.epochs && epoch - best_epoch < std::max<std::size_t>(options.patience, 1)) {
    ++epoch;
    const double loss = run_epoch(mlp, optimizer, x, *objective, static_cast<std::int64_t>(options.batch), random);
    check_loss(loss);
    const Validation found = validate(mlp, validation_x, *objective, shape.labels.size());
    if (best_epoch == 0 || found.better_than(best_validation)) {
      best_validation = found;
      best_epoch = epoch;
      best = {mlp.tensors(),
              {{"loss", loss}, {"validation_loss", found.loss}, {std::string(objective->name()), found.figure}}};
    }
    if (on_progress) on_progress({"epochs", epoch, options.epochs});
  }
  best.details["epochs"] = static_cast<double>(epoch);
  best.details["best_epoch"] = static_cast<double>(best_epoch);
  return best;
}

}  // namespace mi2::adapter
