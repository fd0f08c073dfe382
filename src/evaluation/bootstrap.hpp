#pragma once
// How far a figure may be off because the rows are few.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace mi2::evaluation {

struct Interval {
  double low = 0;
  double high = 0;
};

struct BootstrapOptions {
  std::size_t samples = 1000;  ///< 0: no intervals
  double level = 0.95;         ///< between 0 and 1
  std::uint64_t seed = 0;
};

/// Figures of the rows under weights [rows]: how often each row was drawn.
using Statistic = std::function<std::vector<std::optional<double>>(std::span<const double> weights)>;

/// Percentile intervals of each figure over samples drawn with replacement. Each class keeps its number of rows, so
/// that a rare class is in every sample. A figure that is missing from more than half of the samples has no interval.
/// The same seed gives the same intervals on every machine.
/// @throws Error{kBadArgument} for a level outside (0, 1).
/// Source: Efron and Tibshirani, 1993, chapter 13; stratified.
std::vector<std::optional<Interval>> bootstrap(std::span<const std::size_t> labels, const BootstrapOptions& options,
                                               const Statistic& statistic);

/// As above, where rows of one group (a patient) are not independent: groups are drawn, each with all of its rows. A
/// group is of the stratum of that of its labels which the fewest groups have, of equals the smallest, and each stratum
/// keeps its number of groups. Groups of one row each give the intervals of rows.
/// @param groups  [rows], any numbers; empty: each row on its own. @throws Error{kBadArgument} for another number too.
/// Source: Davison and Hinkley, 1997, section 3.8, resampling of whole clusters.
std::vector<std::optional<Interval>> bootstrap(std::span<const std::size_t> labels, std::span<const std::size_t> groups,
                                               const BootstrapOptions& options, const Statistic& statistic);

/// Groups numbered from 0 in the order in which they first occur, [rows]; each row its own if `groups` is empty.
std::vector<std::size_t> number_groups(std::span<const std::size_t> groups, std::size_t rows);

/// How many groups have a row of a class, and how many a row of another: what a figure of the class rests on.
struct GroupsOfClass {
  std::size_t with = 0;
  std::size_t without = 0;
};
/// [classes]. @param labels  [rows], below `classes`. @param groups  as of bootstrap().
std::vector<GroupsOfClass> count_groups(std::span<const std::size_t> labels, std::span<const std::size_t> groups,
                                        std::size_t classes);

}  // namespace mi2::evaluation
