#include "protocols/archives/stow.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/json_text.hpp"
#include "dicom/stow_tags.hpp"
#include "protocols/archives/adding.hpp"
#include "protocols/multipart.hpp"

namespace mi2::protocols::archives {
namespace {

using Kind = Fate::Kind;
namespace tags = dicom::stow;

/// Source: PS3.18, I.2.2; the last one PS3.7, C.5.8: a duplicate SOP instance.
constexpr unsigned kProcessing = 0x0110;
constexpr unsigned kNotSupported = 0x0122;
constexpr unsigned kOutOfResources = 0xA700;
constexpr unsigned kDoesNotMatch = 0xA900;
constexpr unsigned kNotUnderstood = 0xC000;
constexpr unsigned kDuplicate = 0x0111;

unsigned failure_of(const Fate& fate) {
  if (fate.kind == Kind::kConflict) return kDuplicate;
  if (fate.kind == Kind::kOutside) return kDoesNotMatch;
  switch (fate.code) {
    case Code::kTooLarge:
      return kOutOfResources;
    case Code::kUnsupported:
      return kNotSupported;
    case Code::kBadFile:
    case Code::kBadArgument:
      return kNotUnderstood;
    case Code::kNotFound:
    case Code::kOverloaded:
    case Code::kInternal:
      break;
  }
  return kProcessing;
}

std::string uid_json(std::string_view tag, const std::string& uid) {
  return fmt::format(R"("{}": {{"vr": "UI", "Value": [{}]}})", tag, base::json_string(uid));
}

std::string reason_json(const Fate& fate) {
  return fmt::format(R"("{}": {{"vr": "US", "Value": [{}]}})", tags::kFailureReason, failure_of(fate));
}

/// A sequence, unless it is empty.
void append_sequence(std::string& text, std::string_view tag, std::span<const std::string> items) {
  if (items.empty()) return;
  text += fmt::format(R"(, "{}": {{"vr": "SQ", "Value": [{}]}})", tag, fmt::join(items, ", "));
}

HttpResponse stow_answer(std::span<const Fate> fates) {
  constexpr int kAccepted = 202;
  constexpr int kConflict = 409;
  std::vector<std::string> stored;
  std::vector<std::string> failed;
  std::vector<std::string> others;  // nobody knows of what object
  for (const Fate& fate : fates) {
    if (fate.names.sop_uid.empty()) {
      others.push_back(fmt::format("{{{}}}", reason_json(fate)));
      continue;
    }
    const std::string object = fmt::format("{}, {}", uid_json(tags::kSopClass, fate.names.sop_class),
                                           uid_json(tags::kSopInstance, fate.names.sop_uid));
    if (fate.is_there()) {
      stored.push_back(fmt::format(R"({{{}, "{}": {{"vr": "UR"}}}})", object, tags::kRetrieve));
    } else {
      failed.push_back(fmt::format("{{{}, {}}}", object, reason_json(fate)));
    }
  }
  HttpResponse answer;
  answer.content_type = "application/dicom+json";
  // Nothing is retrieved from here.
  answer.body = fmt::format(R"({{"{}": {{"vr": "UR"}})", tags::kRetrieve);
  append_sequence(answer.body, tags::kFailed, failed);
  append_sequence(answer.body, tags::kReferenced, stored);
  append_sequence(answer.body, tags::kOtherFailures, others);
  answer.body += '}';
  if (stored.size() < fates.size()) answer.status = stored.empty() ? kConflict : kAccepted;
  if (stored.empty()) answer.outcome = "refused";
  return answer;
}

}  // namespace

RequestPlan store_studies(const Service& service, const Asked& asked, const ArchiveAdding& adding, HttpRequest request,
                          const std::string& study) {
  SentFiles sent;
  sent.site = read_site(request);
  sent.objects_only = true;
  sent.study = study;
  std::vector<Part> parts =
      parse_related(request.body, request.header("content-type"), "application/dicom", service.limits.rows);
  request.body = {};
  for (Part& part : parts) sent.files.push_back(std::move(part.body));
  return add(service, asked, adding, std::move(sent),
             [](std::span<const Fate> fates, std::int64_t) { return stow_answer(fates); });
}

}  // namespace mi2::protocols::archives
