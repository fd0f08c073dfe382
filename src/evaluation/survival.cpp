#include "evaluation/survival.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "evaluation/evaluation.hpp"

namespace mi2::evaluation {
namespace {

/// Weights by rank, and their sums from below. Source: Fenwick, Software: Practice and Experience 1994.
class RankSums {
 public:
  explicit RankSums(std::size_t ranks) : sums_(ranks + 1) {}

  void add(std::size_t rank, double weight) {
    for (std::size_t i = rank + 1; i < sums_.size(); i += i & (~i + 1)) sums_[i] += weight;
    all_ += weight;
  }
  /// Of all ranks below.
  [[nodiscard]] double below(std::size_t rank) const {
    double sum = 0;
    for (std::size_t i = rank; i > 0; i -= i & (~i + 1)) sum += sums_[i];
    return sum;
  }
  [[nodiscard]] double all() const noexcept { return all_; }
  void clear() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    all_ = 0;
  }

 private:
  std::vector<double> sums_;
  double all_ = 0;
};

}  // namespace

SurvivalRows::SurvivalRows(std::span<const double> risks, std::span<const double> times,
                           std::span<const std::size_t> events, std::span<const std::size_t> strata) {
  if (risks.size() != times.size() || events.size() != times.size() ||
      (!strata.empty() && strata.size() != times.size())) {
    throw Error(Code::kBadArgument,
                fmt::format("concordance: expected a risk and an event for each time, got {} and {} "
                            "for {}",
                            risks.size(), events.size(), times.size()));
  }
  for (std::size_t r = 0; r < times.size(); ++r) {
    if (std::isfinite(risks[r]) && std::isfinite(times[r])) continue;
    throw Error(Code::kBadArgument, fmt::format("concordance: row {} has a number that is not finite", r + 1));
  }
  std::vector<double> distinct(risks.begin(), risks.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  ranks_ = distinct.size();
  for (std::size_t r = 0; r < times.size(); ++r) {
    const auto rank = std::lower_bound(distinct.begin(), distinct.end(), risks[r]) - distinct.begin();
    rows_.push_back({r, strata.empty() ? 0 : strata[r], times[r], static_cast<std::size_t>(rank), events[r] != 0});
  }
  // Of one time the censored come first: they outlast the events.
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return std::tuple(a.stratum, -a.time, a.event, a.row) < std::tuple(b.stratum, -b.time, b.event, b.row);
  });
}

Concordance SurvivalRows::concordance(std::span<const double> weights) const {
  Concordance found;
  RankSums later(ranks_);
  for (std::size_t begin = 0; begin < rows_.size();) {
    if (begin > 0 && rows_[begin].stratum != rows_[begin - 1].stratum) later.clear();
    std::size_t end = begin;
    const auto alike = [&](const Row& row) {
      return row.stratum == rows_[begin].stratum && row.time == rows_[begin].time && row.event == rows_[begin].event;
    };
    for (; end < rows_.size() && alike(rows_[end]); ++end) {
      const Row& row = rows_[end];
      const double weight = weights.empty() ? 1.0 : weights[row.row];
      if (!row.event || weight == 0) continue;
      const double below = later.below(row.rank);
      found.concordant += weight * below;
      found.tied += weight * (later.below(row.rank + 1) - below);
      found.pairs += weight * later.all();
    }
    for (; begin < end; ++begin) later.add(rows_[begin].rank, weights.empty() ? 1.0 : weights[rows_[begin].row]);
  }
  return found;
}

Figure concordance_figure(std::span<const double> risks, std::span<const double> times,
                          std::span<const std::size_t> events, std::span<const std::size_t> strata,
                          std::span<const std::size_t> groups, const BootstrapOptions& options) {
  const SurvivalRows rows(risks, times, events, strata);
  Figure figure;
  figure.value = rows.concordance().index();
  if (!figure.value) return undefined("no two rows tell who had the event first");
  const std::vector<GroupsOfClass> counts = count_groups(events, groups, 2);
  if (counts[1].with < kFewestForInterval || options.samples == 0) {
    if (options.samples > 0) figure.why = fmt::format("fewer than {} events", kFewestForInterval);
    return figure;
  }
  figure.interval = bootstrap(events, groups, options, [&](std::span<const double> weights) {
    return std::vector{rows.concordance(weights).index()};
  })[0];
  return figure;
}

}  // namespace mi2::evaluation
