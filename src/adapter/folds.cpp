#include "adapter/folds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <utility>

#include "base/draw.hpp"

namespace mi2::adapter {
namespace {

/// The rows of each class, in a random order.
std::vector<std::vector<std::size_t>> strata(std::span<const std::size_t> classes, std::size_t labels,
                                             std::uint64_t seed) {
  std::vector<std::vector<std::size_t>> rows(labels);
  for (std::size_t r = 0; r < classes.size(); ++r) rows[classes[r]].push_back(r);
  std::mt19937_64 random(seed);
  for (std::vector<std::size_t>& list : rows) base::shuffle(list, random);
  return rows;
}

/// Rows of each class in each group: [groups, labels].
struct GroupCounts {
  std::size_t labels = 0;
  std::vector<std::size_t> group_of{};  ///< [rows], from 0 without gaps, in the order of the groups' numbers
  std::vector<double> counts{};

  GroupCounts(std::span<const std::size_t> classes, std::size_t width, std::span<const std::size_t> groups)
      : labels(width) {
    std::vector<std::size_t> known(groups.begin(), groups.end());
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    counts.resize(known.size() * labels);
    for (std::size_t r = 0; r < classes.size(); ++r) {
      const auto place = std::lower_bound(known.begin(), known.end(), groups[r]);
      group_of.push_back(static_cast<std::size_t>(place - known.begin()));
      ++counts[group_of[r] * labels + classes[r]];
    }
  }

  [[nodiscard]] std::size_t groups() const { return counts.size() / labels; }
  [[nodiscard]] std::span<const double> of(std::size_t group) const {
    return std::span(counts).subspan(group * labels, labels);
  }
};

/// In the order in which numpy sums, so that equal figures are equal here where they are there.
/// Source: numpy's pairwise_sum.
double numpy_sum(std::span<const double> values) {
  constexpr std::size_t kWays = 8;
  constexpr std::size_t kBlock = 128;
  if (values.size() < kWays) return std::accumulate(values.begin(), values.end(), 0.0);
  if (values.size() > kBlock) {
    const std::size_t half = values.size() / 2 / kWays * kWays;
    return numpy_sum(values.first(half)) + numpy_sum(values.subspan(half));
  }
  std::vector<double> sums(values.begin(), values.begin() + kWays);
  std::size_t i = kWays;
  for (; i + kWays <= values.size(); i += kWays) {
    for (std::size_t way = 0; way < kWays; ++way) sums[way] += values[i + way];
  }
  double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  for (; i < values.size(); ++i) sum += values[i];
  return sum;
}

/// numpy.std of values that lie side by side.
double deviation(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = numpy_sum(values) / count;
  std::vector<double> squares;
  for (const double value : values) squares.push_back((value - mean) * (value - mean));
  return std::sqrt(numpy_sum(squares) / count);
}

/// What the folds hold so far.
class Balance {
 public:
  Balance(std::size_t folds, std::vector<double> rows_of_class)
      : folds_(folds), totals_(std::move(rows_of_class)), counts_(folds * totals_.size()) {}

  /// The fold in which the group leaves the classes most even.
  [[nodiscard]] std::size_t best_for(std::span<const double> group) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    double fewest = std::numeric_limits<double>::infinity();
    for (std::size_t fold = 0; fold < folds_; ++fold) {
      add(fold, group, 1);
      const double uneven = unevenness();
      add(fold, group, -1);
      const double rows = numpy_sum(of(fold));
      // numpy.isclose
      const bool close = std::abs(uneven - least) <= 1e-8 + 1e-5 * std::abs(least);
      if (!(uneven < least || (std::isfinite(least) && close && rows < fewest))) continue;
      best = fold;
      least = uneven;
      fewest = rows;
    }
    return best;
  }

  void add(std::size_t fold, std::span<const double> group, double sign) {
    for (std::size_t c = 0; c < group.size(); ++c) counts_[fold * totals_.size() + c] += sign * group[c];
  }

 private:
  [[nodiscard]] std::span<const double> of(std::size_t fold) const {
    return std::span(counts_).subspan(fold * totals_.size(), totals_.size());
  }

  /// The mean over the classes that occur of how far the folds' shares deviate; numpy sums over folds one by one.
  [[nodiscard]] double unevenness() const {
    std::vector<double> deviations;
    const auto folds = static_cast<double>(folds_);
    for (std::size_t c = 0; c < totals_.size(); ++c) {
      if (totals_[c] == 0) continue;
      double sum = 0;
      for (std::size_t fold = 0; fold < folds_; ++fold) sum += of(fold)[c] / totals_[c];
      const double mean = sum / folds;
      double squares = 0;
      for (std::size_t fold = 0; fold < folds_; ++fold) {
        const double off = of(fold)[c] / totals_[c] - mean;
        squares += off * off;
      }
      deviations.push_back(std::sqrt(squares / folds));
    }
    return numpy_sum(deviations) / static_cast<double>(deviations.size());
  }

  std::size_t folds_;
  std::vector<double> totals_;  ///< [labels]
  std::vector<double> counts_;  ///< [folds, labels]
};

std::vector<double> totals_of(std::span<const std::size_t> classes, std::size_t labels) {
  std::vector<double> totals(labels);
  for (const std::size_t c : classes) ++totals[c];
  return totals;
}

}  // namespace

Folds folds_of_rows(std::span<const std::size_t> classes, std::size_t labels, std::size_t count, std::uint64_t seed) {
  Folds folds{std::vector<std::size_t>(classes.size()), count};
  for (const auto& rows : strata(classes, labels, seed)) {
    for (std::size_t i = 0; i < rows.size(); ++i) folds.of_row[rows[i]] = i % count;
  }
  return folds;
}

Folds folds_of_groups(std::span<const std::size_t> classes, std::size_t labels, std::span<const std::size_t> groups,
                      std::size_t count) {
  const GroupCounts counts(classes, labels, groups);
  std::vector<double> varied;
  for (std::size_t g = 0; g < counts.groups(); ++g) varied.push_back(deviation(counts.of(g)));
  std::vector<std::size_t> order(counts.groups());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return varied[a] > varied[b]; });
  Balance balance(count, totals_of(classes, labels));
  std::vector<std::size_t> fold_of(counts.groups());
  for (const std::size_t g : order) {
    fold_of[g] = balance.best_for(counts.of(g));
    balance.add(fold_of[g], counts.of(g), 1);
  }
  Folds folds{{}, count};
  for (const std::size_t g : counts.group_of) folds.of_row.push_back(fold_of[g]);
  return folds;
}

std::vector<std::uint8_t> share_of_rows(std::span<const std::size_t> classes, std::size_t labels, double share,
                                        std::uint64_t seed) {
  std::vector<std::uint8_t> held(classes.size());
  for (const auto& rows : strata(classes, labels, seed)) {
    const auto wanted = static_cast<std::size_t>(std::lround(share * static_cast<double>(rows.size())));
    const std::size_t out = rows.size() < 2 ? 0 : std::clamp<std::size_t>(wanted, 1, rows.size() - 1);
    for (std::size_t i = 0; i < out; ++i) held[rows[i]] = 1;
  }
  return held;
}

std::vector<std::uint8_t> share_of_groups(std::span<const std::size_t> classes, std::size_t labels,
                                          std::span<const std::size_t> groups, double share, std::uint64_t seed) {
  const GroupCounts counts(classes, labels, groups);
  const std::vector<double> totals = totals_of(classes, labels);
  std::vector<double> taken(labels);
  std::vector<std::size_t> order(counts.groups());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937_64 random(seed);
  base::shuffle(order, random);
  std::vector<std::uint8_t> out(counts.groups());
  std::optional<std::size_t> smallest;  // of those that leave some, for where all are larger than the share
  for (const std::size_t g : order) {
    double gain = 0;
    bool leaves_some = true;
    for (std::size_t c = 0; c < labels; ++c) {
      const double rows = counts.of(g)[c];
      if (rows == 0) continue;
      const double wanted = share * totals[c];
      gain += (std::abs(wanted - taken[c]) - std::abs(wanted - taken[c] - rows)) / totals[c];
      leaves_some = leaves_some && taken[c] + rows < totals[c];
    }
    if (!leaves_some) continue;
    if (!smallest || numpy_sum(counts.of(g)) < numpy_sum(counts.of(*smallest))) smallest = g;
    if (gain <= 0) continue;
    out[g] = 1;
    for (std::size_t c = 0; c < labels; ++c) taken[c] += counts.of(g)[c];
  }
  if (smallest && std::count(out.begin(), out.end(), std::uint8_t{1}) == 0) out[*smallest] = 1;
  std::vector<std::uint8_t> held;
  for (const std::size_t g : counts.group_of) held.push_back(out[g]);
  return held;
}

}  // namespace mi2::adapter
