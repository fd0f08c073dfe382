#include "adapter/splitting.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <span>

#include <fmt/format.h>

#include "adapter/training.hpp"
#include "base/utf8.hpp"

namespace mi2::adapter {
namespace {

std::string fold_warning(const Splitting& split, std::size_t wanted) {
  return fmt::format("{} groups of '{}' make {} folds where {} are usual; figures of so few groups say little",
                     split.train.groups, base::printable(split.grouped_by), split.folds.size(), wanted);
}

std::string unjudged_warning(const Splitting& split, const std::vector<std::string>& labels) {
  const std::size_t rows = std::accumulate(split.unjudged.begin(), split.unjudged.end(), std::size_t{0});
  std::string names;
  std::size_t count = 0;
  for (std::size_t c = 0; c < labels.size(); ++c) {
    if (split.unjudged[c] == 0) continue;
    constexpr std::size_t kShown = 3;
    if (++count <= kShown) names += fmt::format("{}'{}': {}", count > 1 ? ", " : "", labels[c], split.unjudged[c]);
    if (count == kShown + 1) names += ", ..";
  }
  return fmt::format("{} rows could not be judged by cross-validation and do not count, since {} has their label ({})",
                     rows, split.grouped_by.empty() ? "no row outside of their fold" : "nobody outside of their fold",
                     names);
}

}  // namespace

Part part_of(const Samples& samples) {
  return {samples.rows(), std::set(samples.groups.begin(), samples.groups.end()).size()};
}

Part shared_groups(const TrainingSet& set) {
  std::map<std::size_t, std::set<int>> parts_of;
  const std::vector<const Samples*> parts{&set.train, &set.validation, &set.test};
  for (std::size_t p = 0; p < parts.size(); ++p) {
    for (const std::size_t group : parts[p]->groups) parts_of[group].insert(static_cast<int>(p));
  }
  Part shared;
  for (const Samples* judged : {&set.validation, &set.test}) {
    shared.rows += static_cast<std::size_t>(
        std::ranges::count_if(judged->groups, [&](std::size_t group) { return parts_of.at(group).size() > 1; }));
  }
  shared.groups = static_cast<std::size_t>(
      std::ranges::count_if(parts_of, [](const auto& entry) { return entry.second.size() > 1; }));
  return shared;
}

vectors::NearEqual near_equal_rows(const TrainingSet& set, const Samples& train, const Samples& validation,
                                   const std::vector<std::size_t>& train_parts, std::size_t folds, unsigned threads) {
  EmbeddingMatrix rows(0, train.vectors.dimensions());
  std::vector<std::size_t> classes;
  std::vector<std::size_t> parts;
  std::vector<std::uint8_t> judged;
  const auto add = [&](const Samples& samples, std::size_t part, bool is_judged) {
    for (std::size_t r = 0; r < samples.rows(); ++r) {
      rows.append(samples.vectors.row(r));
      classes.push_back(samples.classes[r]);
      parts.push_back(part);
      judged.push_back(is_judged ? 1 : 0);
    }
  };
  add(train, 0, !train_parts.empty());
  std::copy(train_parts.begin(), train_parts.end(), parts.begin());
  const std::size_t next = std::max<std::size_t>(folds, 1);
  add(validation, next, true);
  add(set.test, next + 1, true);
  const double distance = vectors::near_distance(rows, classes);
  return vectors::near_equal_across(rows, parts, judged, distance, threads);
}

std::vector<std::string> warnings_of_split(const TrainedAdapter& trained) {
  const Splitting& split = trained.split;
  std::vector<std::string> warnings;
  if (split.shared.rows > 0) {
    warnings.push_back(
        fmt::format("{} groups of '{}' are in more than one of train, val and test ({} rows of val and test); what is "
                    "known of them makes the figures too good",
                    split.shared.groups, base::printable(split.grouped_by), split.shared.rows));
  }
  if (split.near_equal.found > 0) {
    warnings.push_back(
        fmt::format("{} of {} judged rows have a nearly equal row among those trained on; if they are of one patient "
                    "the figures are too good: a column 'patient', or --group COLUMN, keeps patients together",
                    split.near_equal.found, split.near_equal.looked_at));
  }
  const TrainOptions usual;
  if (!split.grouped_by.empty() && !split.folds.empty() && split.folds.size() < usual.folds && !trained.folds_given) {
    warnings.push_back(fold_warning(split, usual.folds));
  }
  if (std::ranges::any_of(split.unjudged, [](std::size_t rows) { return rows > 0; })) {
    warnings.push_back(unjudged_warning(split, trained.adapter.labels()));
  }
  return warnings;
}

}  // namespace mi2::adapter
