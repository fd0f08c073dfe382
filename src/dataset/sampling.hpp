#pragma once
// How often each record is drawn: sources by weight, and inside a source labels or patients alike.

#include <memory>
#include <span>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/options.hpp"

namespace mi2::dataset {

/// [records], or null where all records are drawn alike. A source without a weight has that of its records. Inside of
/// it, each label (kLabel) or group (kGroup) has the same part, and of that each record the same; a record without a
/// group is one of its own.
/// @param sources  of the data set, in order.
/// @throws Error{kBadArgument} if some sources have a weight and others none, a weight is not above 0 and finite, or
///         groups are wanted and no record has one.
std::shared_ptr<const std::vector<double>> sampling_shares(const Dataset& dataset, std::span<const DataSource> sources,
                                                           Balance balance);

}  // namespace mi2::dataset
