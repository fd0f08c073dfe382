#pragma once
// Files as they are: the parts of a form, or one file as the whole body.

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocols/json.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols {

/// What a form or a file brings; the names of its items are those of errors.
struct Upload {
  std::vector<std::string> images;  ///< files' bytes
  std::vector<std::string> texts;
  std::optional<std::string> labels;      ///< as the client wrote them
  std::optional<std::string> multilabel;  ///< likewise
  std::optional<Json> params;
};

/// The upload of a request whose content type is multipart/form-data, an image's, application/dicom or
/// application/octet-stream. Of a single file, labels and params are in the query.
/// @returns nothing for any other content type: the body is JSON then, or refused.
/// @throws Error{kBadArgument} for a form that is not whole or has fields that are not known; {kTooLarge}.
std::optional<Upload> take_upload(const Service& service, HttpRequest& request);

/// Labels as a list in JSON, or with commas between. @throws Error{kBadArgument}, {kTooLarge}.
std::vector<std::string> split_labels(const std::string& text, const Limits& limits);

/// true or false, in any case; 1 or 0. @throws Error{kBadArgument} naming it.
bool read_switch(const std::string& text, const char* name);

}  // namespace mi2::protocols
