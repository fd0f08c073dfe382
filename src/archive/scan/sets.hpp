#pragma once
// Search by a set of vectors, such as the slices of a series: a group scores the mean, over the set, of the cosine of
// its row that is nearest (MaxSim). Exact: what is not computed is proven to be no better.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "archive/scan/scan.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::scan {

/// The row of a group that is nearest to one vector of the set.
struct Nearest {
  std::uint32_t row = 0;
  double score = 0;  ///< as Hit::score
};

struct SetHit {
  Hit hit;                     ///< of the group's row that is nearest to any of the set; but its score is the mean
  std::vector<Nearest> pairs;  ///< of each vector of the set, in order
};

struct SetAnswer {
  /// The k best groups, of equal means the lower row of SetHit::hit first.
  std::vector<SetHit> hits;
  Counts counts;
  bool exact = true;  ///< as Answer::exact
};

/// @param set   at least one vector, each of unit length; k and the owners to leave out are those of the first.
/// @param pool  as Scan::search(); the answer does not depend on it.
/// @throws as Scan::search(), and Error{kBadArgument} for an empty set.
SetAnswer search_set(const Scan& scan, std::span<const Query> set, const Scope& scope, base::ThreadPool& pool,
                     std::stop_token stop = {});

}  // namespace mi2::archive::scan
