#include "report/json_values.hpp"

#include <nlohmann/json.hpp>

namespace mi2::report {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }
Json or_null(const std::optional<evaluation::Interval>& interval) {
  return interval ? Json{interval->low, interval->high} : Json(nullptr);
}

}  // namespace mi2::report
