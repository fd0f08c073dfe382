#include "protocols/request_plan.hpp"

#include <algorithm>

namespace mi2::protocols {

std::string_view HttpRequest::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& field) { return field.first == name; });
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace mi2::protocols
