#include "protocols/uploads.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/table.hpp"
#include "base/utf8.hpp"
#include "protocols/multipart.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols {
namespace {

constexpr std::size_t kMaxParamValues = 256;

/// curl --data-binary @FILE calls anything a form of this kind.
bool is_file(std::string_view type) {
  return type.starts_with("image/") || type == "application/dicom" || type == "application/octet-stream" ||
         type == "application/x-www-form-urlencoded";
}

std::string checked_text(std::string text, std::string_view name) {
  if (base::utf8_prefix(text) != text.size()) throw Error(Code::kBadArgument, fmt::format("{}: is not UTF-8", name));
  return text;
}

Json parse_params(std::string text) {
  try {
    return parse_json(std::move(text), kMaxParamValues);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("params: {}", error.what()));
  }
}

Upload read_form(std::vector<Part> parts) {
  Upload upload;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Part& part = parts[i];
    if (part.name == "image" || part.name == "images" || part.name == "file" || part.name == "files") {
      upload.images.push_back(std::move(part.body));
    } else if (part.name == "text" || part.name == "texts") {
      upload.texts.push_back(checked_text(std::move(part.body), fmt::format("text {}", upload.texts.size() + 1)));
    } else if (part.name == "labels" && !upload.labels) {
      upload.labels = checked_text(std::move(part.body), "labels");
    } else if (part.name == "multilabel" && !upload.multilabel) {
      upload.multilabel = std::move(part.body);
    } else if (part.name == "params" && !upload.params) {
      upload.params = parse_params(std::move(part.body));
    } else {
      throw Error(
          Code::kBadArgument,
          fmt::format("part {}: expected the name image, file or text, or one labels, multilabel or params", i + 1));
    }
  }
  return upload;
}

std::optional<std::string> query_member(const HttpRequest& request, const char* name) {
  std::string value = query_value(request.query, name);
  if (value.empty()) return std::nullopt;
  return checked_text(std::move(value), name);
}

}  // namespace

std::optional<Upload> take_upload(const Service& service, HttpRequest& request) {
  constexpr std::size_t kOtherParts = 3;
  const std::string type = media_type(request);
  if (is_multipart(type)) {
    const std::size_t most = 2 * service.limits.rows + kOtherParts;
    Upload upload = read_form(parse_multipart(request.body, request.header("content-type"), most));
    request.body = {};
    return upload;
  }
  if (!is_file(type)) return std::nullopt;
  Upload upload;
  upload.images.push_back(std::move(request.body));
  upload.labels = query_member(request, "labels");
  upload.multilabel = query_member(request, "multilabel");
  if (auto params = query_member(request, "params")) upload.params = parse_params(std::move(*params));
  return upload;
}

std::vector<std::string> split_labels(const std::string& text, const Limits& limits) {
  std::vector<std::string> labels;
  const auto add = [&](std::string label) {
    if (labels.size() == limits.labels) throw Error(Code::kTooLarge, fmt::format("more than {} labels", limits.labels));
    labels.push_back(std::move(label));
  };
  if (text.starts_with('[')) {
    try {
      Json list = parse_json(text, limits.labels + 2);
      for (Json& label : list) add(take_string(label, fmt::format("label {}", labels.size() + 1)));
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("labels: {}", error.what()));
    }
    return labels;
  }
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view label = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
    const std::size_t first = std::min(label.find_first_not_of(" \t\r\n"), label.size());
    add(std::string(label.substr(first, label.find_last_not_of(" \t\r\n") + 1 - first)));
  }
  return labels;
}

bool read_switch(const std::string& text, const char* name) {
  const std::string value = base::lower_ascii(text);
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  throw Error(Code::kBadArgument, fmt::format("{}: expected true or false", name));
}

}  // namespace mi2::protocols
