#include "dicomweb/dicom_json.hpp"

#include <charconv>
#include <system_error>

#include "dicomweb/qido.hpp"

namespace mi2::dicomweb {
namespace {

using Json = nlohmann::json;

}  // namespace

const Json* values_of(const Json& dataset, std::string_view tag) {
  const auto found = dataset.find(tag);
  if (found == dataset.end() || !found->is_object()) return nullptr;
  const auto values = found->find("Value");
  return values != found->end() && values->is_array() && !values->empty() ? &*values : nullptr;
}

std::string text_of(const Json& value) {
  return value.is_string() ? row_text(value.get_ref<const std::string&>()) : std::string();
}

std::string first_text(const Json& dataset, std::string_view tag) {
  const Json* values = values_of(dataset, tag);
  return values == nullptr ? std::string() : text_of(values->front());
}

std::optional<std::uint64_t> count_of(const Json& dataset, std::string_view tag) {
  const Json* values = values_of(dataset, tag);
  if (values == nullptr) return std::nullopt;
  if (values->front().is_number_unsigned()) return values->front().get<std::uint64_t>();
  const std::string text = text_of(values->front());
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

}  // namespace mi2::dicomweb
