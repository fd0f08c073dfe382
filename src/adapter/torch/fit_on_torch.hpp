#pragma once
// Adapters trained by libtorch; no torch type shows here.

#include "adapter/fit.hpp"

namespace mi2::adapter {

/// The Fitter of programs that link libtorch. kLinear: L-BFGS with a strong Wolfe search in double precision, to
/// convergence, two labels as one logit. kMlp: AdamW in f32.
Fitted fit_on_torch(const AdapterDescription& shape, const Samples& train, const Samples& validation,
                    const FitOptions& options, const base::OnProgress& on_progress);

}  // namespace mi2::adapter
