#pragma once
// How rows came to be trained on or judged, and what that says of the figures.

#include <cstddef>
#include <string>
#include <vector>

#include "vectors/near_equal.hpp"

namespace mi2::adapter {

struct TrainedAdapter;
struct TrainingSet;
struct Samples;

/// Rows, and how many groups they are of.
struct Part {
  std::size_t rows = 0;
  std::size_t groups = 0;  ///< 0: not known
};

struct Splitting {
  std::string grouped_by{};  ///< the column whose groups stay together: "patient"; empty: rows are on their own
  Part train{};              ///< what the adapter has seen
  Part held_out{};           ///< what temperature and thresholds were chosen on
  Part test{};
  std::vector<Part> folds{};            ///< what each fit of the cross-validation judged
  std::vector<std::size_t> unjudged{};  ///< [labels]: rows that no fit could judge, their label being unknown to it
  Part shared{};  ///< rows of val and test whose group another of train, val and test has too, and these groups
  vectors::NearEqual near_equal{};  ///< ungrouped: rows with a nearly equal one in another part
};

Part part_of(const Samples& samples);
/// Rows of val and test whose group is in more than one of train, val and test.
Part shared_groups(const TrainingSet& set);

/// Where rows are not grouped: judged rows with a nearly equal one elsewhere.
/// @param train_parts  [rows of train]: the fold of each, or 0; empty: all 0.
/// @param folds        how many numbers train_parts has. @param validation  may be rows of `set.train`.
vectors::NearEqual near_equal_rows(const TrainingSet& set, const Samples& train, const Samples& validation,
                                   const std::vector<std::size_t>& train_parts, std::size_t folds, unsigned threads);

/// What it says of the figures, for people.
std::vector<std::string> warnings_of_split(const TrainedAdapter& trained);

}  // namespace mi2::adapter
