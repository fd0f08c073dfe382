#include "adapter/torch/risk_sets.hpp"

#include <algorithm>
#include <numeric>

namespace mi2::adapter {

using torch::Tensor;

RiskSets::RiskSets(std::span<const double> times, std::span<const std::size_t> classes,
                   std::span<const std::size_t> rows, bool efron) {
  std::vector<std::int64_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const auto time_of = [&](std::int64_t place) { return times[rows[static_cast<std::size_t>(place)]]; };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return time_of(a) > time_of(b); });
  std::vector<std::int64_t> last;
  std::vector<std::int64_t> event_place;
  std::vector<std::int64_t> event_time;
  std::vector<double> taken;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    std::size_t tied = 0;
    for (; end < order.size() && time_of(order[end]) == time_of(order[begin]); ++end) {
      if (classes[rows[static_cast<std::size_t>(order[end])]] != 1) continue;
      event_place.push_back(static_cast<std::int64_t>(end));
      event_time.push_back(static_cast<std::int64_t>(last.size()));
      ++tied;
    }
    for (std::size_t k = 0; k < tied; ++k) {
      taken.push_back(efron ? static_cast<double>(k) / static_cast<double>(tied) : 0.0);
    }
    if (tied > 0) last.push_back(static_cast<std::int64_t>(end) - 1);
    begin = end;
  }
  events_ = event_place.size();
  order_ = torch::tensor(order, torch::kInt64);
  last_ = torch::tensor(last, torch::kInt64);
  event_place_ = torch::tensor(event_place, torch::kInt64);
  event_time_ = torch::tensor(event_time, torch::kInt64);
  taken_ = torch::tensor(taken, torch::kFloat64);
}

RiskSets::Sums RiskSets::sums_of(const Tensor& values) const {
  std::vector<std::int64_t> shape = values.sizes().vec();
  shape[0] = last_.size(0);
  return {values.cumsum(0).index_select(0, last_),
          torch::zeros(shape, values.options()).index_add(0, event_time_, values.index_select(0, event_place_))};
}

Tensor RiskSets::log_likelihood(const Tensor& risk) const {
  const Tensor ordered = risk.index_select(0, order_);
  // Less the largest, so that no hazard overflows.
  const Tensor shifted = ordered - ordered.max().detach();
  const Sums hazards = sums_of(shifted.exp());
  const Tensor at_risk =
      hazards.all.index_select(0, event_time_) - taken_.to(risk.dtype()) * hazards.tied.index_select(0, event_time_);
  return shifted.index_select(0, event_place_).sum() - at_risk.log().sum();
}

RiskSets::Derivatives RiskSets::derivatives(const Tensor& x, const Tensor& weights) const {
  const torch::NoGradGuard guard;
  const Tensor risk = x.mv(weights);
  const Tensor shifted = risk - risk.max();
  const Tensor hazard = shifted.exp();
  const Sums hazards = sums_of(hazard);
  const Tensor at_risk = hazards.all.index_select(0, event_time_) - taken_ * hazards.tied.index_select(0, event_time_);
  const Sums moments = sums_of(x * hazard.unsqueeze(1));
  // What those at risk look like on average, an event each.
  const Tensor mean =
      (moments.all.index_select(0, event_time_) - taken_.unsqueeze(1) * moments.tied.index_select(0, event_time_)) /
      at_risk.unsqueeze(1);
  const Tensor none = torch::zeros({last_.size(0)}, x.options());
  const Tensor share = none.index_add(0, event_time_, at_risk.reciprocal());
  const Tensor share_taken = none.index_add(0, event_time_, taken_ / at_risk);
  // How much a row's square counts: over the events at which it was at risk, less what was taken from its own time's.
  Tensor counts = torch::zeros({x.size(0)}, x.options()).index_add(0, last_, share).flip(0).cumsum(0).flip(0);
  counts = counts.index_add(0, event_place_, -share_taken.index_select(0, event_time_));
  const Tensor weighted = x * (counts * hazard).unsqueeze(1);
  return {(shifted.index_select(0, event_place_).sum() - at_risk.log().sum()).item<double>(),
          x.index_select(0, event_place_).sum(0) - mean.sum(0), x.t().matmul(weighted) - mean.t().matmul(mean)};
}

}  // namespace mi2::adapter
