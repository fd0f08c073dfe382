#include "protocols/service.hpp"

#include <algorithm>

#include <mi2/error.hpp>

namespace mi2::protocols {

std::shared_ptr<const ServedModel> Service::model(std::string_view name) const {
  const auto found = models.find(name.empty() ? std::string_view(default_model) : name);
  // The name is the client's text: it is not repeated.
  if (found == models.end()) throw Error(Code::kNotFound, "no model of this name; GET /v1/models lists them");
  if (!found->second->ready) throw Error(Code::kOverloaded, "the model is not ready yet; try again");
  return found->second;
}

bool Service::ready() const noexcept {
  return !models.empty() &&
         std::all_of(models.begin(), models.end(), [](const auto& entry) { return entry.second->ready; });
}

}  // namespace mi2::protocols
