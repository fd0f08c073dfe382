#pragma once
// From labelled items of an archive to an adapter and what it is worth: what `mi2 adapter train` makes of the same
// vectors and labels, with patients as groups.

#include <stop_token>
#include <vector>

#include "adapter/training.hpp"
#include "archive/reader.hpp"
#include "protocols/archives/head.hpp"
#include "protocols/archives/rights.hpp"

namespace mi2::protocols::archives {

/// The vectors of labelled items. Rows of one patient, or of linked ones, are one group; where no patient is known,
/// those of a study.
/// @param items  by their numbers, each once.
/// @throws Error{kNotFound} for an item that the caller may not see; {kBadArgument} for fewer than two labels or
///         patients.
adapter::TrainingSet training_set(archive::Reader& reader, const Right& right, const std::vector<LabelledItem>& items);

struct TrainedHead {
  adapter::Adapter adapter;
  Json report;
};

/// @throws as adapter::train_adapter(); Error{kInternal} once a stop was requested.
TrainedHead train_head(const adapter::TrainingSet& set, const adapter::TrainOptions& options,
                       const std::stop_token& stop);

}  // namespace mi2::protocols::archives
