#pragma once
// Parts of the benchmark's JSON, for this folder alone.

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "benchmark/benchmark.hpp"

namespace mi2::benchmark {

using Json = nlohmann::ordered_json;

Json json_of(const std::vector<TimedPart>& parts);

}  // namespace mi2::benchmark
