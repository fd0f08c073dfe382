#pragma once
// Sums of the vectors of series, so that one which grows slice by slice is not read anew with each of them.

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <utility>
#include <vector>

#include "archive/catalog.hpp"

namespace mi2::archive {

/// What was summed of a series so far: vectors that were what was written when they were read.
struct SeriesSum {
  Id series = 0;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> rows;  ///< their numbers and checksums, in the order of the sum
  std::vector<double> sum;
};

/// The sums of the series that were pooled last.
class SeriesSums {
 public:
  /// The sum of the first of some rows of a series, in their order; of none unless what was summed of it are the first.
  /// The order decides the bits: rows that come before others begin a new sum.
  SeriesSum& of(Id series, std::span<const RowFacts> rows, std::size_t dimensions);
  void clear() { kept_.clear(); }

 private:
  std::list<SeriesSum> kept_;  ///< the one used last comes first
};

}  // namespace mi2::archive
