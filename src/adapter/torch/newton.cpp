#include "adapter/torch/newton.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include <torch/types.h>

#include "adapter/target_rows.hpp"
#include "adapter/torch/cumulative_link.hpp"
#include "adapter/torch/risk_sets.hpp"
#include "adapter/torch/tensors.hpp"

namespace mi2::adapter {
namespace {

using torch::Tensor;

constexpr double kConverged = 1e-6;  ///< of the gradient's largest number, in parts of what the losses add to it

/// A convex function at a point.
struct Point {
  double value = 0;
  Tensor gradient;
  Tensor curvature;
};

struct Minimum {
  Tensor where;
  std::size_t steps = 0;
  double gradient = 0;
};

/// Newton's method with halved steps, from where it is until the value no longer falls.
Minimum minimise(Tensor where, const std::function<Point(const Tensor&)>& function, std::size_t most_steps) {
  Minimum found;
  Point here = function(where);
  check_loss(here.value);
  for (; found.steps < most_steps; ++found.steps) {
    // A little more on the diagonal where rounding leaves the curvature without a factor.
    Tensor factor;
    double more = 0;
    for (int tries = 0; tries < 8; ++tries) {
      Tensor curvature = here.curvature.clone();
      curvature.diagonal().add_(more);
      const auto [lower, fault] = at::linalg_cholesky_ex(curvature);
      factor = lower;
      if (fault.item<int>() == 0) break;
      more = more == 0 ? 1e-12 * here.curvature.diagonal().abs().mean().item<double>() : more * 100;
    }
    const Tensor step = at::cholesky_solve(here.gradient.unsqueeze(1), factor).squeeze(1);
    const double decrement = step.dot(here.gradient).item<double>();
    if (!(decrement > 1e-15 * (1 + std::abs(here.value)))) break;
    double length = 1;
    Point next;
    constexpr double kShortest = 1e-10;
    const auto enough = [&] {
      next = function(where - length * step);
      return next.value <= here.value - 0.25 * length * decrement;
    };
    while (!enough() && length > kShortest) length /= 2;
    if (length <= kShortest) break;
    where = where - length * step;
    here = std::move(next);
  }
  found.where = where;
  found.gradient = here.gradient.abs().max().item<double>();
  return found;
}

/// Rows in as few dimensions as they span: the weights of least length are a sum of rows, so that nothing outside of
/// their span counts.
struct Reduced {
  Tensor rows;   ///< [rows, at most as many]
  Tensor basis;  ///< [dimensions, the same]; not defined: rows are as they were
  explicit Reduced(const Tensor& x) : rows(x) {
    if (x.size(0) >= x.size(1)) return;
    const auto [q, r] = at::linalg_qr(x.t(), "reduced");
    basis = q;
    rows = r.t().contiguous();
  }
  [[nodiscard]] Tensor whole(const Tensor& weights) const { return basis.defined() ? basis.mv(weights) : weights; }
};

Fitted fitted_of(const AdapterDescription& shape, const Tensor& weight, const std::vector<double>& biases,
                 const Minimum& minimum, double loss, double scale) {
  Fitted fitted{layout_of(shape), {}};
  fitted.tensors[0].values = values_of(weight);
  for (const double bias : biases) fitted.tensors[1].values.push_back(static_cast<float>(bias));
  const double gradient = minimum.gradient / scale;
  fitted.details = {{"loss", loss},
                    {"gradient", gradient},
                    {"evaluations", static_cast<double>(minimum.steps)},
                    {"converged", gradient <= kConverged ? 1.0 : 0.0}};
  return fitted;
}

/// The smoothed absolute error at [weights, bias].
/// @param x  [rows, dimensions + 1], the last column ones.
Point absolute_error(const Tensor& x, const Tensor& y, const Tensor& at, double c, double smooth) {
  const std::int64_t in = x.size(1) - 1;
  const Tensor error = y - x.mv(at);
  const Tensor root = (error.square() + smooth * smooth).sqrt();
  const Tensor bend = c * smooth * smooth / root.pow(3);
  // Rows far from the bend do not count in the curvature, and few are left where it is sharp.
  const Tensor near = bend.gt(1e-9 * bend.max()).nonzero().squeeze(1);
  const Tensor x_near = x.index_select(0, near);
  Tensor curvature = x_near.t().matmul(x_near * bend.index_select(0, near).unsqueeze(1));
  curvature.diagonal().narrow(0, 0, in).add_(1);
  Tensor gradient = -c * x.t().mv(error / root);
  gradient.narrow(0, 0, in).add_(at.narrow(0, 0, in));
  return {c * root.sum().item<double>() + 0.5 * at.narrow(0, 0, in).square().sum().item<double>(), gradient, curvature};
}

/// The labels that rows have, in order.
struct PresentLabels {
  std::vector<std::size_t> labels;
  std::vector<std::int64_t> classes;  ///< [rows], in `labels`

  PresentLabels(const std::vector<std::size_t>& rows, std::size_t count) {
    std::vector<std::int64_t> place(count, -1);
    for (const std::size_t label : rows) place[label] = 0;
    for (std::size_t label = 0; label < count; ++label) {
      if (place[label] < 0) continue;
      place[label] = std::ssize(labels);
      labels.push_back(label);
    }
    for (const std::size_t label : rows) classes.push_back(place[label]);
  }

  /// Cuts between all of `count` labels, of those between the labels that are there.
  [[nodiscard]] std::vector<double> spread(const Tensor& cuts, std::size_t count) const {
    constexpr double kFar = 40;  // a probability of 4e-18
    std::vector<double> all;
    std::size_t below = 0;  // labels that are there, up to this cut
    for (std::size_t label = 0; label + 1 < count; ++label) {
      if (below < labels.size() && labels[below] == label) ++below;
      const std::size_t nearest = std::clamp<std::size_t>(below, 1, labels.size() - 1) - 1;
      const double off = below == 0 ? -kFar : below == labels.size() ? kFar : 0;
      all.push_back(cuts[static_cast<std::int64_t>(nearest)].item<double>() + off);
    }
    return all;
  }
};

}  // namespace

Fitted fit_number(const AdapterDescription& shape, const Samples& train, const FitOptions& options) {
  const torch::NoGradGuard guard;
  const Reduced reduced(embeddings_of(train, torch::kFloat64));
  const Tensor y = number_tensor(train, torch::kFloat64);
  const Tensor x = torch::cat({reduced.rows, torch::ones({y.size(0), 1}, y.options())}, 1);
  constexpr int kSharpest = 6;  // the error's corner is smoothed over 1, 0.1, ... 1e-6
  constexpr std::size_t kSteps = 200;
  Minimum minimum;
  Tensor at = torch::zeros({x.size(1)}, y.options());
  std::size_t steps = 0;
  for (int sharpness = 0; sharpness <= kSharpest; ++sharpness) {
    const double smooth = std::pow(10, -sharpness);
    minimum = minimise(
        at, [&](const Tensor& here) { return absolute_error(x, y, here, options.c, smooth); }, kSteps);
    at = minimum.where;
    steps += minimum.steps;
  }
  minimum.steps = steps;
  const std::int64_t in = x.size(1) - 1;
  const Tensor error = (y - x.mv(at)).abs();
  return fitted_of(shape, reduced.whole(at.narrow(0, 0, in)), {at[in].item<double>()}, minimum,
                   error.mean().item<double>(), options.c * static_cast<double>(train.rows()));
}

Fitted fit_ordinal(const AdapterDescription& shape, const Samples& train, const FitOptions& options) {
  const torch::NoGradGuard guard;
  const PresentLabels present(train.classes, shape.labels.size());
  const CumulativeLink link(present.classes, std::ssize(present.labels));
  const Reduced reduced(embeddings_of(train, torch::kFloat64));
  const std::int64_t in = reduced.rows.size(1);
  const std::int64_t cuts = std::ssize(present.labels) - 1;
  const auto derivatives = [&](const Tensor& at) {
    return link.derivatives(reduced.rows, at.narrow(0, 0, in), at.narrow(0, in, cuts));
  };
  const auto function = [&](const Tensor& at) {
    const CumulativeLink::Derivatives found = derivatives(at);
    if (!std::isfinite(found.loss)) return Point{found.loss, {}, {}};
    const Tensor weights = at.narrow(0, 0, in);
    Point point{options.c * found.loss + 0.5 * weights.square().sum().item<double>(), options.c * found.gradient,
                options.c * found.curvature};
    point.gradient.narrow(0, 0, in).add_(weights);
    point.curvature.diagonal().narrow(0, 0, in).add_(1);
    return point;
  };
  constexpr std::size_t kSteps = 500;
  const Tensor start = torch::cat({torch::zeros({in}, reduced.rows.options()), link.start()});
  const Minimum minimum = minimise(start, function, kSteps);
  std::vector<double> biases = present.spread(minimum.where.narrow(0, in, cuts), shape.labels.size());
  for (double& bias : biases) bias = -bias;
  const auto rows = static_cast<double>(train.rows());
  Fitted fitted = fitted_of(shape, reduced.whole(minimum.where.narrow(0, 0, in)), biases, minimum,
                            derivatives(minimum.where).loss / rows, options.c * rows);
  keep_descending(fitted.tensors[1].values);
  return fitted;
}

Fitted fit_survival(const AdapterDescription& shape, const Samples& train, const FitOptions& options) {
  const torch::NoGradGuard guard;
  std::vector<std::size_t> all(train.rows());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const RiskSets sets(train.numbers, train.classes, all, !options.breslow);
  const Tensor whole = embeddings_of(train, torch::kFloat64);
  const Tensor mean = whole.mean(0);
  const Reduced reduced((whole - mean).index_select(0, sets.order()));
  constexpr std::size_t kSteps = 500;
  const auto function = [&](const Tensor& at) {
    const RiskSets::Derivatives found = sets.derivatives(reduced.rows, at);
    Tensor curvature = options.c * found.curvature;
    curvature.diagonal().add_(1);
    return Point{0.5 * at.square().sum().item<double>() - options.c * found.log_likelihood,
                 at - options.c * found.gradient, curvature};
  };
  const Minimum minimum = minimise(torch::zeros({reduced.rows.size(1)}, whole.options()), function, kSteps);
  const Tensor weight = reduced.whole(minimum.where);
  const double loss =
      -sets.derivatives(reduced.rows, minimum.where).log_likelihood / static_cast<double>(sets.events());
  return fitted_of(shape, weight, {-weight.dot(mean).item<double>()}, minimum, loss,
                   options.c * static_cast<double>(sets.events()));
}

}  // namespace mi2::adapter
