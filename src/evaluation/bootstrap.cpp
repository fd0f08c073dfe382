#include "evaluation/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/draw.hpp"
#include "evaluation/quantile.hpp"

namespace mi2::evaluation {
namespace {

std::optional<Interval> interval_of(std::vector<double>& values, const BootstrapOptions& options) {
  if (values.empty() || values.size() * 2 < options.samples) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double tail = (1.0 - options.level) / 2;
  return Interval{quantile(values, tail), quantile(values, 1.0 - tail)};
}

/// The rows of each group, and the groups of each stratum.
struct Clusters {
  std::vector<std::vector<std::size_t>> rows;                ///< [groups]
  std::map<std::size_t, std::vector<std::size_t>> of_label;  ///< strata
};

Clusters clusters_of(std::span<const std::size_t> labels, std::span<const std::size_t> groups) {
  Clusters found;
  const std::vector<std::size_t> group_of = number_groups(groups, labels.size());
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (group_of[r] == found.rows.size()) found.rows.emplace_back();
    found.rows[group_of[r]].push_back(r);
  }
  std::map<std::size_t, std::size_t> groups_with;
  std::vector<std::set<std::size_t>> labels_of(found.rows.size());
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (labels_of[group_of[r]].insert(labels[r]).second) ++groups_with[labels[r]];
  }
  for (std::size_t g = 0; g < labels_of.size(); ++g) {
    const auto rarest = std::min_element(labels_of[g].begin(), labels_of[g].end(),
                                         [&](std::size_t a, std::size_t b) { return groups_with[a] < groups_with[b]; });
    found.of_label[*rarest].push_back(g);
  }
  return found;
}

}  // namespace

std::vector<std::size_t> number_groups(std::span<const std::size_t> groups, std::size_t rows) {
  std::vector<std::size_t> numbers(rows);
  if (groups.empty()) {
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    return numbers;
  }
  if (groups.size() != rows) {
    throw Error(Code::kBadArgument,
                fmt::format("groups: expected one per row, got {} for {} rows", groups.size(), rows));
  }
  std::unordered_map<std::size_t, std::size_t> known;
  for (std::size_t r = 0; r < rows; ++r) numbers[r] = known.try_emplace(groups[r], known.size()).first->second;
  return numbers;
}

std::vector<GroupsOfClass> count_groups(std::span<const std::size_t> labels, std::span<const std::size_t> groups,
                                        std::size_t classes) {
  const std::vector<std::size_t> group_of = number_groups(groups, labels.size());
  std::set<std::pair<std::size_t, std::size_t>> pairs;  // group and label
  for (std::size_t r = 0; r < labels.size(); ++r) pairs.emplace(group_of[r], labels[r]);
  std::vector<std::size_t> labels_of(labels.size());
  for (const auto& [group, label] : pairs) ++labels_of[group];
  const std::size_t all = labels.empty() ? 0 : *std::max_element(group_of.begin(), group_of.end()) + 1;
  std::vector<GroupsOfClass> counts(classes, GroupsOfClass{0, all});
  for (const auto& [group, label] : pairs) {
    ++counts[label].with;
    if (labels_of[group] == 1) --counts[label].without;
  }
  return counts;
}

std::vector<std::optional<Interval>> bootstrap(std::span<const std::size_t> labels, const BootstrapOptions& options,
                                               const Statistic& statistic) {
  return bootstrap(labels, {}, options, statistic);
}

std::vector<std::optional<Interval>> bootstrap(std::span<const std::size_t> labels, std::span<const std::size_t> groups,
                                               const BootstrapOptions& options, const Statistic& statistic) {
  if (!(options.level > 0 && options.level < 1)) {
    throw Error(Code::kBadArgument, fmt::format("bootstrap: level: expected between 0 and 1, got {}", options.level));
  }
  const Clusters clusters = clusters_of(labels, groups);
  std::mt19937_64 random(options.seed);
  std::vector<std::vector<double>> found;
  std::vector<double> weights(labels.size());
  for (std::size_t sample = 0; sample < options.samples; ++sample) {
    std::fill(weights.begin(), weights.end(), 0.0);
    for (const auto& [label, drawn_from] : clusters.of_label) {
      for (std::size_t i = 0; i < drawn_from.size(); ++i) {
        for (const std::size_t row : clusters.rows[drawn_from[base::draw(random, drawn_from.size())]]) ++weights[row];
      }
    }
    const std::vector<std::optional<double>> figures = statistic(weights);
    found.resize(figures.size());
    for (std::size_t f = 0; f < figures.size(); ++f) {
      if (figures[f]) found[f].push_back(*figures[f]);
    }
  }
  std::vector<std::optional<Interval>> intervals;
  for (std::vector<double>& values : found) intervals.push_back(interval_of(values, options));
  return intervals;
}

}  // namespace mi2::evaluation
