#pragma once
// Classifiers of scikit-learn as JSON, the way docs/adapters.md writes them from Python.

#include <cstdint>
#include <optional>
#include <string_view>

#include "adapter/adapter.hpp"

namespace mi2::adapter {

inline constexpr std::uint64_t kMaxSklearnBytes = 256ULL << 20;

/// {"format": "scikit-learn", "steps": [{"type": "StandardScaler", ..}, {"type": "MLPClassifier", ..}]}, with "labels"
/// and "operating_points" if there are any. Scores are those of predict_proba on float64.
/// @param file  what errors call it.
/// @returns nothing if the JSON is of another format.
/// @throws Error{kBadFile} naming the key that is missing, unknown, of another type or size; {kUnsupported} for another
///         kind of step, or one whose probabilities are not known; {kTooLarge}.
std::optional<Adapter> parse_sklearn(std::string_view json, std::string_view file);

}  // namespace mi2::adapter
