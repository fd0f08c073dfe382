#pragma once
// The toolkit's adapter, trained in epochs.

#include "adapter/fit.hpp"

namespace mi2::adapter {

/// AdamW on the mean loss of batches: cross entropy of kLabel, binary cross entropy over the known findings, absolute
/// error of kNumber, the partial likelihood of each batch's own rows of kSurvival. The epoch that is best on the
/// validation rows is kept: by mean AUC, mean absolute error or C-index, then by the loss.
/// @throws Error{kBadArgument} without validation rows, or for a loss that is not finite.
Fitted fit_mlp(const AdapterDescription& shape, const Samples& train, const Samples& validation,
               const FitOptions& options, const base::OnProgress& on_progress);

}  // namespace mi2::adapter
