#include "adapter/torch/cumulative_link.hpp"

#include <limits>

namespace mi2::adapter {
namespace {

using torch::Tensor;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The logistic's slope.
Tensor slope(const Tensor& logit) { return logit.sigmoid() * (-logit).sigmoid(); }

}  // namespace

CumulativeLink::CumulativeLink(const std::vector<std::int64_t>& classes, std::int64_t count)
    : class_(torch::tensor(classes, torch::kInt64)), count_(count) {}

Tensor CumulativeLink::start() const {
  const Tensor below = class_.bincount({}, count_).cumsum(0).narrow(0, 0, count_ - 1).to(torch::kFloat64);
  return (below / (static_cast<double>(class_.size(0)) - below)).log();
}

CumulativeLink::Derivatives CumulativeLink::derivatives(const Tensor& x, const Tensor& weights,
                                                        const Tensor& cuts) const {
  const torch::NoGradGuard guard;
  const Tensor end = torch::full({1}, kInfinity, cuts.options());
  const Tensor above = torch::cat({cuts, end});
  const Tensor below = torch::cat({-end, cuts});
  const Tensor gap = above - below;  // of each label; infinite of the first and the last
  if (gap.le(0).any().item<bool>()) return {kInfinity, {}, {}};
  const Tensor score = x.mv(weights);
  const Tensor upper = above.index_select(0, class_) - score;
  const Tensor lower = below.index_select(0, class_) - score;
  // logistic(upper) - logistic(lower), in a form that does not cancel.
  const Tensor log_p =
      torch::log_sigmoid(upper) + torch::log_sigmoid(-lower) + (-torch::expm1(-gap)).log().index_select(0, class_);
  // Derivatives of -log_p by the cut above and the cut below.
  const Tensor narrow = torch::expm1(gap).reciprocal().index_select(0, class_);
  const Tensor by_upper = -((-upper).sigmoid() + narrow);
  const Tensor by_lower = lower.sigmoid() + narrow;
  const Tensor upper_slope = slope(upper);
  const Tensor lower_slope = slope(lower);
  const Tensor both = narrow * (1 + narrow);

  // A sum over rows for each cut, and for one before the first and one after the last that stay 0.
  const auto of_cuts = [&](const Tensor& of_upper, const Tensor& of_lower) {
    std::vector<std::int64_t> shape = of_upper.sizes().vec();
    shape[0] = count_ + 1;
    return torch::zeros(shape, of_upper.options())
        .index_add(0, class_ + 1, of_upper)
        .index_add(0, class_, of_lower)
        .narrow(0, 1, count_ - 1);
  };
  const std::int64_t in = x.size(1);
  const std::int64_t all = in + count_ - 1;
  Tensor curvature = torch::zeros({all, all}, x.options());
  curvature.narrow(0, 0, in).narrow(1, 0, in).copy_(x.t().matmul(x * (upper_slope + lower_slope).unsqueeze(1)));
  const Tensor mixed = of_cuts(x * -upper_slope.unsqueeze(1), x * -lower_slope.unsqueeze(1));
  curvature.narrow(0, in, count_ - 1).narrow(1, 0, in).copy_(mixed);
  curvature.narrow(0, 0, in).narrow(1, in, count_ - 1).copy_(mixed.t());
  Tensor corner = curvature.narrow(0, in, count_ - 1).narrow(1, in, count_ - 1);
  corner.diagonal().copy_(of_cuts(upper_slope + both, lower_slope + both));
  if (count_ > 2) {
    const Tensor beside = torch::zeros({count_}, x.options()).index_add(0, class_, -both).narrow(0, 1, count_ - 2);
    corner.diagonal(1).copy_(beside);
    corner.diagonal(-1).copy_(beside);
  }
  return {-log_p.sum().item<double>(), torch::cat({-x.t().mv(by_upper + by_lower), of_cuts(by_upper, by_lower)}),
          curvature};
}

}  // namespace mi2::adapter
