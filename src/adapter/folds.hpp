#pragma once
// Which training rows are held out, and when: rows of one group (a patient) always together.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mi2::adapter {

struct Folds {
  std::vector<std::size_t> of_row;  ///< [rows], below `count`: the fold in which a row is held out
  std::size_t count = 0;
};

/// Rows of each class in a random order, dealt out to the folds.
/// @param classes  [rows], below `labels`.
Folds folds_of_rows(std::span<const std::size_t> classes, std::size_t labels, std::size_t count, std::uint64_t seed);

/// Groups that vary most in their classes come first; each goes where it leaves the folds' shares of every class most
/// alike. The folds of scikit-learn's StratifiedGroupKFold without shuffling, to the last rounding, where groups and
/// classes are in its order, which is the order of their names.
/// @param groups  [rows], any numbers, which are the groups' order. @param count  no more than there are groups.
/// Source: scikit-learn, sklearn/model_selection/_split.py (BSD-3-Clause).
Folds folds_of_groups(std::span<const std::size_t> classes, std::size_t labels, std::span<const std::size_t> groups,
                      std::size_t count);

/// About a share of each class's rows, at least one of them and never all: 1 for rows that are held out. [rows]
std::vector<std::uint8_t> share_of_rows(std::span<const std::size_t> classes, std::size_t labels, double share,
                                        std::uint64_t seed);

/// As share_of_rows(), of whole groups in a random order: one is held out if that takes the classes' shares nearer to
/// what is wanted, and leaves each of its classes a row to train on. All 0 if there is no such group.
std::vector<std::uint8_t> share_of_groups(std::span<const std::size_t> classes, std::size_t labels,
                                          std::span<const std::size_t> groups, double share, std::uint64_t seed);

}  // namespace mi2::adapter
