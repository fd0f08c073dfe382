#pragma once
// Linear adapters whose answer is one number, or one of labels in an order, to convergence.

#include "adapter/fit.hpp"

namespace mi2::adapter {

/// Least absolute error with an L2 penalty: C * (sum of |error|) + |weight|^2 / 2 is minimised, which is scikit-learn's
/// SVR(kernel="linear", epsilon=0). The error is smoothed to sqrt(error^2 + d^2), for ever smaller d down to 1e-6.
/// @param train  numbers whose spread is about 1.
Fitted fit_number(const AdapterDescription& shape, const Samples& train, const FitOptions& options);

/// Proportional odds with an L2 penalty: |weight|^2 / 2 - C * (log likelihood) is minimised. A label that no row has is
/// between its neighbours, with next to no probability.
/// @param train  rows of two labels or more.
Fitted fit_ordinal(const AdapterDescription& shape, const Samples& train, const FitOptions& options);

/// Cox's regression with an L2 penalty: |weight|^2 / 2 - C * (log partial likelihood) is minimised. The bias makes the
/// training rows' mean log hazard 0.
Fitted fit_survival(const AdapterDescription& shape, const Samples& train, const FitOptions& options);

}  // namespace mi2::adapter
