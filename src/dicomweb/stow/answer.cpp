#include "dicomweb/stow/answer.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "dicom/results/store_status.hpp"
#include "dicom/stow_tags.hpp"
#include "dicomweb/dicom_json.hpp"

namespace mi2::dicomweb::stow {
namespace {

using Json = nlohmann::json;
using dicom::results::Taken;
namespace tags = dicom::stow;

/// Nothing for what is not DICOM JSON: a page of an error, XML.
std::optional<Json> parsed(std::string_view body) {
  base::JsonRules rules;
  rules.name = "the answer";
  rules.fault = Code::kBadFile;
  constexpr std::size_t kMostValues = 1U << 16U;
  rules.max_values = kMostValues;
  try {
    Json answer = base::parse_json(base::replace_invalid_utf8(body), rules);
    if (answer.is_array() && !answer.empty()) answer = Json(answer.front());
    return answer.is_object() ? std::optional(std::move(answer)) : std::nullopt;
  } catch (const Error& error) {
    if (error.code() == Code::kBadFile) return std::nullopt;
    throw;
  }
}

/// A number of 16 bits; 0: none.
unsigned reason_of(const Json& item, std::string_view tag) {
  constexpr std::uint64_t kMost = 0xFFFF;
  return static_cast<unsigned>(std::min(count_of(item, tag).value_or(0), kMost));
}

Error refusal_by_status(unsigned status) {
  constexpr unsigned kForbidden = 403;
  constexpr unsigned kNone = 404;
  constexpr unsigned kTooLarge = 413;
  constexpr unsigned kMediaType = 415;
  const std::string text = fmt::format("the server answers {}", status);
  if (status == kForbidden || status == kMediaType) return {Code::kUnsupported, text};
  if (status == kNone) return {Code::kNotFound, text};
  if (status == kTooLarge) return {Code::kTooLarge, text};
  return {Code::kBadFile, text};
}

}  // namespace

Taken read_answer(unsigned status, std::string_view body, std::string_view sop_uid) {
  constexpr unsigned kOk = 200;
  constexpr unsigned kAccepted = 202;
  const bool success = status == kOk || status == kAccepted;
  const std::optional<Json> answer = parsed(body);
  // One object was sent: what failed is this one, also where it is not named.
  if (const Json* failed = answer ? values_of(*answer, tags::kFailed) : nullptr) {
    return dicom::results::read_store_failure(reason_of(failed->front(), tags::kFailureReason));
  }
  if (!success) throw refusal_by_status(status);
  if (const Json* stored = answer ? values_of(*answer, tags::kReferenced) : nullptr) {
    for (const Json& item : *stored) {
      if (first_text(item, tags::kSopInstance) != sop_uid) continue;
      const unsigned warning = reason_of(item, tags::kWarningReason);
      return {false, warning == 0 ? std::string() : dicom::results::store_warning(warning)};
    }
  }
  throw Error(Code::kBadFile,
              fmt::format("the server answers {}, and does not say that it has stored the object", status));
}

}  // namespace mi2::dicomweb::stow
