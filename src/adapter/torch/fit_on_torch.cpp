#include "adapter/torch/fit_on_torch.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/lbfgs.h>

#include "adapter/torch/fit_mlp.hpp"
#include "adapter/torch/newton.hpp"
#include "adapter/torch/tensors.hpp"
#include "base/thread_pool.hpp"
#include "evaluation/findings.hpp"

namespace mi2::adapter {
namespace {

using torch::Tensor;

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
        y_(class_tensor(train)),
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
  // Newton's method squares the rows at every step.
  const bool squares =
      shape.kind == AdapterKind::kLinear && shape.target != Target::kLabel && shape.target != Target::kFindings;
  return rows * weights * (squares ? static_cast<std::size_t>(shape.in_channels) : 1);
}

/// The rows of which it is known whether they have a finding, as rows of two labels.
Samples with_and_without(const Samples& train, std::size_t label, std::size_t labels) {
  Samples known{EmbeddingMatrix(0, train.vectors.dimensions()), {}, {}};
  for (std::size_t r = 0; r < train.rows(); ++r) {
    const std::uint8_t is = train.findings[r * labels + label];
    if (is != evaluation::kUnknown) known.add(train.vectors.row(r), is, train.ids[r]);
  }
  return known;
}

/// Each finding by a logistic regression of its own. One that every row has, or none, keeps a logit of 0.
Fitted fit_findings(const AdapterDescription& shape, const Samples& train, const FitOptions& options) {
  Fitted fitted{layout_of(shape), {{"loss", 0}, {"gradient", 0}, {"evaluations", 0}, {"converged", 1}}};
  fitted.tensors[0].values.resize(shape.labels.size() * static_cast<std::size_t>(shape.in_channels));
  fitted.tensors[1].values.resize(shape.labels.size());
  AdapterDescription two;
  two.in_channels = shape.in_channels;
  two.labels = {"without", "with"};
  const auto in = static_cast<std::size_t>(shape.in_channels);
  for (std::size_t c = 0; c < shape.labels.size(); ++c) {
    const Samples known = with_and_without(train, c, shape.labels.size());
    const auto with = std::ranges::count(known.classes, std::size_t{1});
    if (with == 0 || with == std::ssize(known.classes)) continue;
    const Fitted one = LinearProbe(two, known, options).run();
    for (std::size_t d = 0; d < in; ++d) {
      fitted.tensors[0].values[c * in + d] = one.tensors[0].values[in + d] - one.tensors[0].values[d];
    }
    fitted.tensors[1].values[c] = one.tensors[1].values[1] - one.tensors[1].values[0];
    fitted.details["loss"] += one.details.at("loss");
    fitted.details["evaluations"] += one.details.at("evaluations");
    fitted.details["gradient"] = std::max(fitted.details["gradient"], one.details.at("gradient"));
    fitted.details["converged"] = std::min(fitted.details["converged"], one.details.at("converged"));
  }
  return fitted;
}

Fitted fit_linear(const AdapterDescription& shape, const Samples& train, const FitOptions& options) {
  switch (shape.target) {
    case Target::kLabel:
      return LinearProbe(shape, train, options).run();
    case Target::kFindings:
      return fit_findings(shape, train, options);
    case Target::kNumber:
      return fit_number(shape, train, options);
    case Target::kOrdinal:
      return fit_ordinal(shape, train, options);
    case Target::kSurvival:
      break;
  }
  return fit_survival(shape, train, options);
}

}  // namespace

Fitted fit_on_torch(const AdapterDescription& shape, const Samples& train, const Samples& validation,
                    const FitOptions& options, const base::OnProgress& on_progress) {
  at::set_num_threads(threads_for(products_of(shape, train, options), options));
  if (shape.kind == AdapterKind::kMlp) return fit_mlp(shape, train, validation, options, on_progress);
  Fitted fitted = fit_linear(shape, train, options);
  if (on_progress) on_progress({kFits, 1, 1});
  return fitted;
}

}  // namespace mi2::adapter
