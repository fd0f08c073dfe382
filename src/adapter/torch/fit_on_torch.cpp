#include "adapter/torch/fit_on_torch.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adamw.h>
#include <torch/optim/lbfgs.h>

#include "base/thread_pool.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/roc.hpp"

namespace mi2::adapter {
namespace {

using torch::Tensor;

Tensor embeddings_of(const Samples& samples, torch::Dtype dtype) {
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(samples.rows()),
                                        static_cast<std::int64_t>(samples.vectors.dimensions())};
  return torch::from_blob(const_cast<float*>(samples.vectors.data()), shape, torch::kFloat32).to(dtype, false, true);
}

Tensor classes_of(const Samples& samples) {
  const std::vector<std::int64_t> classes(samples.classes.begin(), samples.classes.end());
  return torch::tensor(classes, torch::kInt64);
}

/// [classes]: rows / (classes * rows of the class), as scikit-learn's "balanced"; ones if not asked for.
Tensor class_weights(const Samples& samples, std::size_t classes, bool balanced, torch::Dtype dtype) {
  std::vector<double> rows(classes);
  for (const std::size_t c : samples.classes) ++rows[c];
  std::vector<double> weights(classes, 1.0);
  for (std::size_t c = 0; balanced && c < classes; ++c) {
    if (rows[c] > 0) weights[c] = static_cast<double>(samples.rows()) / (static_cast<double>(classes) * rows[c]);
  }
  return torch::tensor(weights, torch::kFloat64).to(dtype);
}

std::vector<float> values_of(const Tensor& tensor) {
  const Tensor flat = tensor.detach().to(torch::kFloat32).contiguous().view({-1});
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

void check_loss(double loss) {
  if (std::isfinite(loss)) return;
  throw Error(Code::kBadArgument, "train: the loss is not finite; a smaller learning rate or --standardize may help");
}

/// Multinomial logistic regression. Of two labels only the difference of the logits matters: one logit is trained,
/// which is what scikit-learn penalises, and shared out.
///
/// Embeddings vary much in some directions and hardly at all in others, and the weaker the penalty, the more steps that
/// costs L-BFGS. So what is trained is not the weights but a point from which they are made by a matrix: the inverse of
/// a Cholesky factor of the loss's curvature, so that there it is about 1 in every direction: first of that at the
/// start, then of that near the minimum, where rows that are surely right hardly bend it.
class LinearProbe {
 public:
  LinearProbe(const AdapterDescription& shape, const Samples& train, const FitOptions& options)
      : binary_(shape.labels.size() == 2),
        x_(embeddings_of(train, torch::kFloat64)),
        y_(classes_of(train)),
        row_weight_(class_weights(train, shape.labels.size(), options.balanced, torch::kFloat64).index_select(0, y_)),
        penalty_(0.5 / (options.c * static_cast<double>(train.rows()))) {
    const std::int64_t outputs = binary_ ? 1 : static_cast<std::int64_t>(shape.labels.size());
    point_ = torch::zeros({outputs, shape.in_channels + 1}, torch::dtype(torch::kFloat64).requires_grad(true));
  }

  Fitted run() {
    std::size_t evaluations = 0;
    if (point_.size(1) <= kMostInBasis) {
      change_basis();
      evaluations += descend(kNear);
      change_basis();
    }
    evaluations += descend(kGradient);
    const double value = backward().item<double>();
    check_loss(value);
    const double gradient = point_.grad().abs().max().item<double>();
    return {tensors(),
            {{"loss", value},
             {"gradient", gradient},
             {"evaluations", static_cast<double>(evaluations)},
             {"converged", gradient <= kConverged ? 1.0 : 0.0}}};
  }

 private:
  // Of the trained point, whose distance to the minimum this about is; the loss is off by the square of it.
  static constexpr double kNear = 1e-3;
  static constexpr double kGradient = 1e-7;
  static constexpr double kConverged = 1e-5;
  static constexpr double kChange = 1e-16;  ///< below this the loss is lost in its own rounding
  static constexpr int kSteps = 2000;
  /// Longest embeddings with a basis, with one for the bias: it has the square of this many numbers, 128 MiB.
  static constexpr std::int64_t kMostInBasis = 4096;

  Tensor backward() {
    if (point_.grad().defined()) point_.mutable_grad().zero_();
    Tensor value = loss();
    value.backward();
    return value;
  }

  /// @returns how often the loss was computed.
  std::size_t descend(double tolerance) {
    torch::optim::LBFGSOptions settings(1.0);
    settings.max_iter(kSteps).max_eval(2 * kSteps).history_size(20).tolerance_grad(tolerance).tolerance_change(kChange);
    settings.line_search_fn("strong_wolfe");
    torch::optim::LBFGS optimizer({point_}, settings);
    std::size_t evaluations = 0;
    optimizer.step([&] {
      ++evaluations;
      return backward();
    });
    return evaluations;
  }

  /// How much each row bends the loss where it is now, the same for every label: [rows].
  [[nodiscard]] Tensor curvature_of_rows() const {
    const Tensor p = logits(weights()).softmax(1);
    const Tensor bend = p * (1 - p);
    return row_weight_ * (binary_ ? bend.select(1, 0) : bend.mean(1));
  }

  /// Goes on in the basis that fits the curvature here; in the same one if that has no factor.
  void change_basis() {
    const torch::NoGradGuard guard;
    const std::int64_t in = x_.size(1);
    const Tensor of_rows = curvature_of_rows() / static_cast<double>(x_.size(0));
    const Tensor weighted = x_ * of_rows.unsqueeze(1);
    const Tensor sums = weighted.sum(0);
    Tensor curvature = torch::empty({in + 1, in + 1}, torch::kFloat64);
    curvature.narrow(0, 0, in).narrow(1, 0, in).copy_(x_.t().matmul(weighted));
    curvature.select(0, in).narrow(0, 0, in).copy_(sums);
    curvature.select(1, in).narrow(0, 0, in).copy_(sums);
    curvature.select(0, in).select(0, in).copy_(of_rows.sum());
    // A little more than the penalty where that is less than what rounding leaves of the sums.
    const double floor = 1e-10 * curvature.diagonal().mean().item<double>();
    curvature.diagonal().narrow(0, 0, in).add_(2 * penalty_);
    curvature.diagonal().add_(floor);
    const auto [factor, fault] = at::linalg_cholesky_ex(curvature);
    if (fault.item<int>() != 0) return;
    const Tensor here = weights().matmul(factor);
    basis_ = at::linalg_solve_triangular(factor, torch::eye(in + 1, torch::kFloat64), false);
    point_ = here.detach().requires_grad_(true);
  }

  /// [outputs, in + 1]: weights, then the bias.
  [[nodiscard]] Tensor weights() const { return basis_.defined() ? point_.matmul(basis_) : point_; }
  [[nodiscard]] static Tensor weight_of(const Tensor& weights) { return weights.narrow(1, 0, weights.size(1) - 1); }
  [[nodiscard]] static Tensor bias_of(const Tensor& weights) { return weights.select(1, weights.size(1) - 1); }

  [[nodiscard]] Tensor both(const Tensor& one) const {
    return binary_ ? torch::cat({one.mul(-0.5), one.mul(0.5)}, 0) : one;
  }

  [[nodiscard]] Tensor logits(const Tensor& all) const {
    return torch::addmm(both(bias_of(all)), x_, both(weight_of(all)).t());
  }

  [[nodiscard]] Tensor loss() const {
    const Tensor all = weights();
    const Tensor of_rows = torch::nn::functional::cross_entropy(
        logits(all), y_, torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone));
    return (of_rows * row_weight_).mean() + penalty_ * weight_of(all).square().sum();
  }

  [[nodiscard]] std::vector<AdapterTensor> tensors() const {
    const Tensor all = weights();
    const Tensor weight = both(weight_of(all));
    const Tensor bias = both(bias_of(all));
    return {{"weight", weight.sizes().vec(), values_of(weight)}, {"bias", bias.sizes().vec(), values_of(bias)}};
  }

  bool binary_;
  Tensor x_;
  Tensor y_;
  Tensor row_weight_;
  double penalty_;
  Tensor basis_;  ///< [in + 1, in + 1]; not defined: what is trained are the weights themselves
  Tensor point_;  ///< [outputs, in + 1], what is trained
};

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

/// How good an epoch is: mean AUC, then log loss.
struct Validation {
  double auc = -1;
  double loss = 0;
  [[nodiscard]] bool better_than(const Validation& other) const {
    return std::tuple(auc, -loss) > std::tuple(other.auc, -other.loss);
  }
};

Validation validate(const Mlp& mlp, const Tensor& x, const Samples& samples, std::size_t classes) {
  const torch::NoGradGuard guard;
  const Tensor logits = mlp.forward(x).to(torch::kFloat64).contiguous();
  evaluation::Scores scores{classes, {logits.data_ptr<double>(), logits.data_ptr<double>() + logits.numel()}};
  if (!std::all_of(scores.values.begin(), scores.values.end(), [](double v) { return std::isfinite(v); })) {
    check_loss(std::nan(""));
  }
  const evaluation::Scores probabilities = evaluation::softmax(scores);
  return {evaluation::mean_auc(probabilities, samples.classes).value_or(0),
          evaluation::log_loss(probabilities, samples.classes)};
}

/// One pass over the rows in a random order. @returns the mean loss of its batches.
double run_epoch(const Mlp& mlp, torch::optim::AdamW& optimizer, const Tensor& x, const Tensor& y, const Tensor& weight,
                 std::int64_t batch, at::Generator random) {
  const Tensor order = torch::randperm(x.size(0), random, torch::TensorOptions(torch::kInt64));
  double sum = 0;
  std::int64_t batches = 0;
  for (const Tensor& rows : order.split(batch)) {
    optimizer.zero_grad();
    Tensor loss = torch::nn::functional::cross_entropy(mlp.forward(x.index_select(0, rows)), y.index_select(0, rows),
                                                       torch::nn::functional::CrossEntropyFuncOptions().weight(weight));
    loss.backward();
    optimizer.step();
    sum += loss.item<double>();
    ++batches;
  }
  return sum / static_cast<double>(batches);
}

Fitted fit_mlp(const AdapterDescription& shape, const Samples& train, const Samples& validation,
               const FitOptions& options, const base::OnProgress& on_progress) {
  if (validation.rows() == 0) throw Error(Code::kBadArgument, "train: an mlp adapter needs validation rows");
  const std::size_t classes = shape.labels.size();
  const at::Generator random = at::make_generator<at::CPUGeneratorImpl>(options.seed);
  const Mlp mlp(shape, random);
  torch::optim::AdamW optimizer(mlp.parameters(),
                                torch::optim::AdamWOptions(options.learning_rate).weight_decay(options.weight_decay));
  const Tensor x = embeddings_of(train, torch::kFloat32);
  const Tensor y = classes_of(train);
  const Tensor weight = class_weights(train, classes, options.balanced, torch::kFloat32);
  const Tensor validation_x = embeddings_of(validation, torch::kFloat32);

  Fitted best;
  Validation best_validation;
  std::size_t best_epoch = 0;
  std::size_t epoch = 0;
  while (epoch < options.epochs && epoch - best_epoch < std::max<std::size_t>(options.patience, 1)) {
    ++epoch;
    const double loss = run_epoch(mlp, optimizer, x, y, weight, static_cast<std::int64_t>(options.batch), random);
    check_loss(loss);
    const Validation found = validate(mlp, validation_x, validation, classes);
    if (found.better_than(best_validation)) {
      best_validation = found;
      best_epoch = epoch;
      best = {mlp.tensors(), {{"loss", loss}, {"validation_loss", found.loss}, {"validation_mean_auc", found.auc}}};
    }
    if (on_progress) on_progress({"epochs", epoch, options.epochs});
  }
  best.details["epochs"] = static_cast<double>(epoch);
  best.details["best_epoch"] = static_cast<double>(best_epoch);
  return best;
}

/// Threads worth having for a fit whose passes multiply `products` numbers, forth and back. libtorch's threads meet
/// after every operation; sharing less than this between them takes longer than doing it alone.
int threads_for(std::size_t products, const FitOptions& options) {
  constexpr std::size_t kProductsOfAThread = std::size_t{1} << 24;
  const std::size_t most = options.threads != 0 ? options.threads : base::available_cores();
  return static_cast<int>(std::clamp<std::size_t>(products / kProductsOfAThread, 1, most));
}

/// Of one pass: over all rows (kLinear), or over a batch (kMlp).
std::size_t products_of(const AdapterDescription& shape, const Samples& train, const FitOptions& options) {
  std::size_t weights = 0;
  for (const AdapterTensor& tensor : layout_of(shape)) {
    // Of a convolution one tap is computed.
    if (tensor.shape.size() > 1) weights += static_cast<std::size_t>(tensor.shape[0] * tensor.shape[1]);
  }
  const std::size_t rows = shape.kind == AdapterKind::kMlp ? std::min(options.batch, train.rows()) : train.rows();
  return rows * weights;
}

}  // namespace

Fitted fit_on_torch(const AdapterDescription& shape, const Samples& train, const Samples& validation,
                    const FitOptions& options, const base::OnProgress& on_progress) {
  at::set_num_threads(threads_for(products_of(shape, train, options), options));
  if (shape.kind == AdapterKind::kMlp) return fit_mlp(shape, train, validation, options, on_progress);
  Fitted fitted = LinearProbe(shape, train, options).run();
  if (on_progress) on_progress({kFits, 1, 1});
  return fitted;
}

}  // namespace mi2::adapter
