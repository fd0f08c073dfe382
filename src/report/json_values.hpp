#pragma once
// What may be missing, in JSON.

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "evaluation/bootstrap.hpp"

namespace mi2::report {

nlohmann::ordered_json or_null(const std::optional<double>& value);
/// [low, high]
nlohmann::ordered_json or_null(const std::optional<evaluation::Interval>& interval);

}  // namespace mi2::report
