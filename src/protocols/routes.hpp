#pragma once
// The HTTP protocols of mi2 as pure functions. A transport reads a request, finds its route, lets the route parse it
// into a RequestPlan, computes the RequestPlan's Work and calls its finish:
//
//   const Match found = match(request);                     // 404 and 405 are found.refusal
//   RequestPlan plan = found.route->parse(service, request, found.parameters);
//   Vectors vectors = ...;                                  // of plan.work; nothing to do if it is empty
//   HttpResponse answer = plan.finish(vectors);
//
// An Error on the way becomes the route's own kind of answer through error_answer(), or item_error_answer() if it is
// the fault of one image. A refusal of the transport's own (401, 408, 503) through refusal().

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mi2/error.hpp>

#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols {

/// Values of a pattern's {names}, in order.
using PathParameters = std::vector<std::string>;

/// How a protocol writes errors.
enum class ErrorFormat {
  kAzure,   ///< {"message": ".."}
  kMlflow,  ///< {"error_code": "BAD_REQUEST", "message": ".."}
  kDetail,  ///< {"detail": ".."}: the community server
  kOpenAi,  ///< {"error": {"message", "type", "param", "code"}}
  kKserve,  ///< {"error": ".."}
};

struct Route {
  std::string_view method;  ///< "GET", "POST" or "DELETE"; HEAD takes the GET route, and the transport drops the body
  std::string_view path;    ///< "/v2/models/{name}/infer": a {name} stands for one segment
  std::string_view name;    ///< stable, for metrics and logs: "score"
  ErrorFormat errors;
  bool open;  ///< answered without a key: health and documentation
  /// Understands a request. Pure; the result keeps what it needs and outlives `service` and `request`.
  /// @throws Error{kBadArgument}, {kUnsupported} (content type), {kTooLarge}, {kNotFound}, {kOverloaded}.
  RequestPlan (*parse)(const Service& service, HttpRequest request, const PathParameters& parameters);
};

/// Every route but GET /metrics, which is the transport's.
std::span<const Route> routes();

struct Match {
  const Route* route = nullptr;  ///< null: refused
  PathParameters parameters;
  std::optional<HttpResponse> refusal;  ///< 404, or 405 with Allow, in the format of the path's neighbours; to OPTIONS,
                                        ///< 200 with Allow
};

/// Finds the route of a request's method and path.
Match match(const HttpRequest& request);

/// Decodes a body with a Content-Encoding of gzip or deflate; "identity" is none.
/// @param limit  of the bytes that come out.
/// @returns the 415 of another coding, which names those that are read.
/// @throws Error{kBadArgument} for a body that is not whole; {kTooLarge}.
std::optional<HttpResponse> decode_content(const Route* route, HttpRequest& request, std::uint64_t limit);

/// The answer for an error of a request as a whole, with the status of its code; 429 has Retry-After.
/// @param route  null: as match() does for a path without a route.
HttpResponse error_answer(const Route* route, const Error& error);

/// The answer for an error of one image of a request (preparing or fetching it): a client's fault is always 400 or
/// 422, so that no client tries again.
HttpResponse item_error_answer(const Route* route, const Error& error);

/// An answer of any status in the route's error format.
/// @param code  for machines, and the answer's outcome: "unauthorized".
HttpResponse refusal(const Route* route, int status, std::string_view code, std::string_view message);
HttpResponse refusal(ErrorFormat errors, int status, std::string_view code, std::string_view message);

/// The ids by which a client and an operator find a request again: printable ASCII, at most 100 long.
/// Source: azureml-inference-server-http 1.5, server/routes.py.
struct RequestIds {
  std::string request;  ///< x-request-id
  std::string legacy;   ///< x-ms-request-id
  std::string client;   ///< x-ms-client-request-id; empty: not sent
};

/// The ids of a request's headers, `fresh` for the first if it brings none. What is not fit for a log line or a header
/// is left out, as if it had not been sent.
RequestIds request_ids(const HttpRequest& request, std::string_view fresh);

/// The 431 of a request with an id longer than 100 characters.
std::optional<HttpResponse> refuse_headers(const Route* route, const HttpRequest& request);

/// Adds x-request-id, x-ms-request-id, x-ms-client-request-id and x-ms-run-fn-exec-ms (three decimals).
void add_id_headers(HttpResponse& answer, const RequestIds& ids, double milliseconds);

}  // namespace mi2::protocols
