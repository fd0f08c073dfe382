#pragma once
// The two directions in which rows differ most.

#include <stop_token>
#include <vector>

#include "archive/layout/points.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::layout {

struct PcaOptions {
  base::OnProgress on_progress;
  std::stop_token stop;
};

/// The first two principal components of each row: of the rows less their mean, along the directions in which their
/// squares add up to most. A direction points to where its largest number is positive. By subspace iteration from a
/// fixed start, summed in f64 in an order of its own: the same bits for any number of threads. Zeros where the rows
/// have fewer directions than two.
/// @throws Error{kInternal} if stopped.
std::vector<Point> principal_components(Rows rows, const PcaOptions& options, base::ThreadPool& pool);

}  // namespace mi2::archive::layout
