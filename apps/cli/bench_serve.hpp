#pragma once
// mi2 bench --serve: requests on standard input, answers on standard output, a line of JSON each.

#include "benchmark/benchmark.hpp"

namespace mi2::cli {

/// Answers until standard input ends.
/// @returns the exit status: of the failures, as for the inputs of other commands.
/// @throws Error as BenchServer's constructor, and when standard input or output fails.
int serve_benchmark(const benchmark::BenchmarkOptions& options);

}  // namespace mi2::cli
