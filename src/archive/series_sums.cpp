#include "archive/series_sums.hpp"

#include <algorithm>

namespace mi2::archive {
namespace {

/// Series that are added to at a time, as the objects of a study may come in any order.
constexpr std::size_t kMostKept = 16;

bool begins_with(std::span<const RowFacts> rows, const SeriesSum& sum) {
  return std::equal(sum.rows.begin(), sum.rows.end(), rows.begin(),
                    rows.begin() + static_cast<std::ptrdiff_t>(std::min(sum.rows.size(), rows.size())),
                    [](const auto& one, const RowFacts& row) { return one.first == row.row && one.second == row.crc; });
}

}  // namespace

SeriesSum& SeriesSums::of(Id series, std::span<const RowFacts> rows, std::size_t dimensions) {
  const auto known = std::find_if(kept_.begin(), kept_.end(), [&](const auto& one) { return one.series == series; });
  if (known != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, known);
  } else {
    kept_.emplace_front();
    if (kept_.size() > kMostKept) kept_.pop_back();
  }
  SeriesSum& sum = kept_.front();
  const bool goes_on = sum.series == series && sum.sum.size() == dimensions && begins_with(rows, sum);
  if (!goes_on) sum = {series, {}, std::vector<double>(dimensions, 0.0)};
  return sum;
}

}  // namespace mi2::archive
