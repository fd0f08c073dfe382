#include "adapter/operating_point_json.hpp"

#include <nlohmann/json.hpp>

namespace mi2::adapter {

nlohmann::ordered_json point_json(const std::optional<evaluation::OperatingPoint>& point) {
  if (!point) return nullptr;
  return {{"threshold", point->threshold}, {"sensitivity", point->sensitivity}, {"specificity", point->specificity}};
}

}  // namespace mi2::adapter
