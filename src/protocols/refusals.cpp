// Errors as each protocol writes them.

#include <string>

#include <fmt/format.h>

#include "base/inflate.hpp"
#include "base/table.hpp"
#include "protocols/answers.hpp"
#include "protocols/http_status.hpp"
#include "protocols/routes.hpp"

namespace mi2::protocols {
namespace {

constexpr int kTooManyRequests = 429;
constexpr int kUnavailable = 503;

/// Names of MLflow's and Databricks' error table. Source: mlflow/protos/databricks.proto, ErrorCode.
std::string_view mlflow_code(int status) {
  switch (status) {
    case 401:
      return "UNAUTHENTICATED";
    case 404:
      return "RESOURCE_DOES_NOT_EXIST";
    case kTooManyRequests:
      return "REQUEST_LIMIT_EXCEEDED";
    case kUnavailable:
      return "TEMPORARILY_UNAVAILABLE";
    default:
      return status < 500 ? "BAD_REQUEST" : "INTERNAL_ERROR";
  }
}

std::string_view openai_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case kTooManyRequests:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

std::string body_of(ErrorFormat format, int status, std::string_view code, std::string_view message) {
  const std::string text = json_string(message);
  switch (format) {
    case ErrorFormat::kMlflow:
      return fmt::format(R"({{"error_code":"{}","message":{}}})", mlflow_code(status), text);
    case ErrorFormat::kDetail:
      return fmt::format(R"({{"detail":{}}})", text);
    case ErrorFormat::kOpenAi:
      return fmt::format(R"({{"error":{{"message":{},"type":"{}","param":null,"code":{}}}}})", text,
                         openai_type(status), json_string(code));
    case ErrorFormat::kKserve:
      return fmt::format(R"({{"error":{}}})", text);
    case ErrorFormat::kAzure:
      break;
  }
  return fmt::format(R"({{"message":{}}})", text);
}

}  // namespace

HttpResponse refusal(const Route* route, int status, std::string_view code, std::string_view message) {
  return refusal(route == nullptr ? ErrorFormat::kAzure : route->errors, status, code, message);
}

HttpResponse refusal(ErrorFormat errors, int status, std::string_view code, std::string_view message) {
  HttpResponse answer;
  answer.status = status;
  answer.outcome = code;
  answer.body = body_of(errors, status, code, message);
  if (status == kTooManyRequests || status == kUnavailable) answer.headers.emplace_back("retry-after", "1");
  return answer;
}

std::optional<HttpResponse> decode_content(const Route* route, HttpRequest& request, std::uint64_t limit) {
  const std::string coding = base::lower_ascii(request.header("content-encoding"));
  if (coding.empty() || coding == "identity") return std::nullopt;
  if (coding != "gzip" && coding != "x-gzip" && coding != "deflate") {
    HttpResponse answer = refusal(route, 415, "unsupported", "content-encoding: expected gzip, deflate or identity");
    answer.headers.emplace_back("accept-encoding", "gzip, deflate");
    return answer;
  }
  request.body = base::inflate(request.body, limit, "body");
  std::erase_if(request.headers, [](const auto& field) { return field.first == "content-encoding"; });
  return std::nullopt;
}

HttpResponse error_answer(const Route* route, const Error& error) {
  return refusal(route, http_status_of(error.code()), name_of(error.code()), error.what());
}

HttpResponse item_error_answer(const Route* route, const Error& error) {
  const Code code = error.code();
  // Of a client's faults only "bad argument" keeps its 400: 404, 413 and 415 would speak of the request, not of a row.
  const bool keeps = code == Code::kBadArgument || code == Code::kOverloaded || code == Code::kInternal;
  return refusal(route, http_status_of(keeps ? code : Code::kBadFile), name_of(code), error.what());
}

}  // namespace mi2::protocols
