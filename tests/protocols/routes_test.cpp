// The table of routes, errors in each format, ids, the documents.

#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>

#include <mi2/version.hpp>

#include "base/inflate.hpp"
#include "base/table.hpp"
#include "page/page.hpp"
#include "protocols/archive_routes.hpp"
#include "protocols/http_status.hpp"
#include "support.hpp"

namespace mi2::protocols {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(Scoring, UnknownPathsAreRefusedInTheirNeighboursFormat) {
  EXPECT_EQ(ask("GET", "/nothing").status, 404);
  EXPECT_TRUE(Json::parse(ask("GET", "/score/x").body).contains("message"));
  EXPECT_TRUE(Json::parse(ask("GET", "/v1/nothing").body)["error"].is_object());
  EXPECT_TRUE(Json::parse(ask("GET", "/v2/nothing").body)["error"].is_string());
  EXPECT_TRUE(Json::parse(ask("POST", "/predict/x").body).contains("detail"));
  for (const char* path : {"", "score", "/v2/models//infer", "/v2/models/starter/infer/", "/%2e"}) {
    EXPECT_EQ(ask("POST", path).status, 404) << path;
  }
}

TEST_F(Scoring, OtherMethodsAreToldWhatIsAllowed) {
  const HttpResponse refused = ask("DELETE", "/score");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(header(refused, "allow"), "POST");
  EXPECT_EQ(header(ask("PUT", "/"), "allow"), "POST, GET, HEAD");
  EXPECT_EQ(ask("HEAD", "/health/live").status, 200);
  EXPECT_EQ(ask("POST", "/v1/models").status, 405);
}

TEST(HttpStatus, OfEachCodeIsTheDocumentedOne) {
  EXPECT_EQ(http_status_of(Code::kBadArgument), 400);
  EXPECT_EQ(http_status_of(Code::kBadFile), 422);
  EXPECT_EQ(http_status_of(Code::kUnsupported), 415);
  EXPECT_EQ(http_status_of(Code::kTooLarge), 413);
  EXPECT_EQ(http_status_of(Code::kOverloaded), 429);
  EXPECT_EQ(http_status_of(Code::kNotFound), 404);
  EXPECT_EQ(http_status_of(Code::kInternal), 500);
}

TEST_F(Scoring, AnswersSayTheirOutcomeForMetricsAndLogs) {
  EXPECT_EQ(ask("GET", "/health/live").outcome, "ok");
  EXPECT_EQ(ask("GET", "/nothing").outcome, "not_found");
  EXPECT_EQ(ask("DELETE", "/score").outcome, "method_not_allowed");
  EXPECT_EQ(error_answer(nullptr, Error(Code::kTooLarge, "x")).outcome, "too_large");
  EXPECT_EQ(item_error_answer(nullptr, Error(Code::kUnsupported, "x")).outcome, "unsupported");
  HttpRequest long_id{"GET", "/health/live", "", {{"x-request-id", std::string(101, 'a')}}, ""};
  EXPECT_EQ(refuse_headers(nullptr, long_id)->outcome, "header_too_large");
}

TEST(Events, AreOfEveryRouteThatAsksAnArchiveAndOfNoOther) {
  const std::span<const std::string> known = archive_events();
  for (const Route& route : routes()) {
    const std::string_view event = archive_event(route.name);
    EXPECT_EQ(event.empty(), !route.path.starts_with("/v1/archives/")) << route.path;
    EXPECT_TRUE(event.empty() || std::find(known.begin(), known.end(), event) != known.end()) << event;
  }
}

TEST(Refusals, SpeakEachContractsFormat) {
  std::set<ErrorFormat> seen;
  for (const Route& route : routes()) {
    for (const int status : {401, 404, 408, 413, 429, 500, 503}) {
      const HttpResponse answer = refusal(&route, status, "a_code", "what \"happened\"");
      EXPECT_EQ(answer.status, status);
      EXPECT_THAT(answer.body, HasSubstr(R"(what \"happened\")"));
      EXPECT_TRUE(Json::accept(answer.body)) << answer.body;
      const bool again = std::any_of(answer.headers.begin(), answer.headers.end(),
                                     [](const auto& field) { return field.first == "retry-after"; });
      EXPECT_EQ(again, status == 429 || status == 503);
    }
    seen.insert(route.errors);
  }
  EXPECT_EQ(seen.size(), 5U);
}

TEST(Refusals, OfAnItemAreNeverAServersFaultNorARequests) {
  const Route& route = routes().front();
  EXPECT_EQ(item_error_answer(&route, Error(Code::kBadArgument, "x")).status, 400);
  for (const Code code : {Code::kBadFile, Code::kUnsupported, Code::kTooLarge, Code::kNotFound}) {
    EXPECT_EQ(item_error_answer(&route, Error(code, "x")).status, 422);
  }
  EXPECT_EQ(item_error_answer(&route, Error(Code::kOverloaded, "x")).status, 429);
  EXPECT_EQ(item_error_answer(&route, Error(Code::kInternal, "x")).status, 500);
}

RequestIds ids_of(std::vector<std::pair<std::string, std::string>> headers) {
  HttpRequest request;
  request.headers = std::move(headers);
  return request_ids(request, "fresh");
}

TEST(RequestIdsOf, HeadersStandInForEachOther) {
  const RequestIds none = ids_of({});
  EXPECT_EQ(none.request, "fresh");
  EXPECT_EQ(none.legacy, "fresh");
  EXPECT_EQ(none.client, "");
  const RequestIds client = ids_of({{"x-ms-client-request-id", "c"}, {"x-request-id", "r"}});
  EXPECT_EQ(client.request, "r");
  EXPECT_EQ(client.legacy, "c");
  EXPECT_EQ(client.client, "c");
  const RequestIds legacy = ids_of({{"x-ms-request-id", "l"}});
  EXPECT_EQ(legacy.client, "l");
  EXPECT_EQ(ids_of({{"x-request-id", "line\nbreak"}}).request, "fresh");
}

TEST_F(Scoring, IdsLongerThanTheLimitAre431) {
  for (const char* name : {"x-request-id", "x-ms-request-id", "x-ms-client-request-id"}) {
    EXPECT_EQ(ask("GET", "/health/live", "", {{name, std::string(100, 'x')}}).status, 200);
    const HttpResponse refused = ask("GET", "/health/live", "", {{name, std::string(101, 'x')}});
    EXPECT_EQ(refused.status, 431);
    EXPECT_THAT(refused.body, HasSubstr(name));
  }
}

TEST(RequestIdsOf, GoIntoTheAnswerWithTheTime) {
  HttpResponse answer;
  add_id_headers(answer, {"r", "l", ""}, 12.3456);
  using Field = std::pair<std::string, std::string>;
  EXPECT_THAT(answer.headers, ::testing::ElementsAre(Field{"x-request-id", "r"}, Field{"x-ms-request-id", "l"},
                                                     Field{"x-ms-run-fn-exec-ms", "12.346"}));
}

TEST_F(Scoring, OperationsTellWhatIsServed) {
  EXPECT_EQ(good("GET", "/health/live")["status"], "live");
  EXPECT_EQ(good("GET", "/health/ready")["models"]["starter"], true);
  const Json info = good("GET", "/info");
  EXPECT_EQ(info["version"], version());
  EXPECT_EQ(info["models"][0]["dimensions"], starter().dimensions());
  EXPECT_EQ(info["limits"]["body_bytes"], 100 << 20);
  service_.models.clear();
  EXPECT_EQ(ask("GET", "/health/ready").status, 503) << "nothing is served";
}

/// Every "$ref" in a document.
void find_references(const Json& value, std::vector<std::string>& found) {
  for (const auto& [key, item] : value.items()) {
    if (key == "$ref" && item.is_string()) found.push_back(item.get<std::string>().substr(1));
    if (item.is_structured()) find_references(item, found);
  }
}

TEST_F(Scoring, TheOpenApiDocumentHasEveryRouteAndEveryReferenceLeadsSomewhere) {
  const Json document = good("GET", "/openapi.json");
  EXPECT_EQ(document["openapi"], "3.1.0");
  std::size_t operations = 0;
  std::set<std::string> ids;
  for (const auto& path : document["paths"]) {
    for (const auto& operation : path) {
      ++operations;
      ids.insert(operation.at("operationId").get<std::string>());
    }
  }
  EXPECT_EQ(operations, routes().size() + 1) << "and /metrics";
  EXPECT_EQ(ids.size(), operations);
  for (const Route& route : routes()) {
    const std::string method = base::lower_ascii(route.method);
    const Json& responses = document["paths"].at(std::string(route.path)).at(method).at("responses");
    EXPECT_EQ(responses.contains("401"), !route.open);
    for (const char* status : {"404", "429", "431", "500", "503"}) EXPECT_TRUE(responses.contains(status));
    for (const char* status : {"400", "413", "415", "422"})
      EXPECT_EQ(responses.contains(status), route.method == "POST" || route.path.starts_with("/v1/archives/"));
  }
  std::vector<std::string> references;
  find_references(document, references);
  EXPECT_GT(references.size(), 100U);
  for (const std::string& reference : references) {
    EXPECT_TRUE(document.contains(Json::json_pointer(reference))) << reference;
  }
}

TEST_F(Scoring, TheExamplesOfTheDocumentAreTrue) {
  const Json document = good("GET", "/openapi.json");
  int examples = 0;
  for (const auto& [path, operations] : document["paths"].items()) {
    const auto pointer = Json::json_pointer("/post/requestBody/content/application~1json/example");
    // Those of archives are tried on one: tests/contract/test_archives.py.
    if (!operations.contains(pointer) || path.starts_with("/v1/archives/")) continue;
    ++examples;
    std::string real = path;
    if (const auto at = real.find("{model}"); at != std::string::npos) real.replace(at, 7, "starter");
    if (const auto at = real.find("{version}"); at != std::string::npos) real.replace(at, 9, "1");
    EXPECT_EQ(ask("POST", real, operations.at(pointer).dump(), {{"content-type", "application/json"}}).status, 200)
        << path;
  }
  EXPECT_GE(examples, 5);
}

TEST_F(Scoring, TheDocsPageNeedsNoNetwork) {
  const HttpResponse page = ask("GET", "/docs");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("/v2/models/{model}/infer"));
  EXPECT_THAT(page.body, HasSubstr("/v1/archives/{archive}/items -F file=@scan.dcm"));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(page.body, Not(HasSubstr("src=")));
  EXPECT_THAT(page.body, Not(HasSubstr("https://")));
}

TEST_F(Scoring, AnArchiveHasAWayToThePage) {
  const HttpResponse found = ask("GET", "/archive/chest");
  EXPECT_EQ(found.status, 302);
  EXPECT_EQ(header(found, "location"), "../ui/#archive=chest");
  EXPECT_EQ(header(ask("GET", "/archive/chest/"), "location"), "../../ui/#archive=chest");
  EXPECT_EQ(header(ask("GET", "/archive/a b&c\r\n#"), "location"), "../ui/#archive=a%20b%26c%0D%0A%23");
  EXPECT_EQ(ask("GET", "/archive/").status, 404);
  EXPECT_EQ(ask("POST", "/archive/chest").status, 405);
}

TEST_F(Scoring, ThePageIsSentWithWhatKeepsOthersOutOfIt) {
  EXPECT_EQ(header(ask("GET", "/ui"), "location"), "ui/");
  const HttpResponse page = ask("GET", "/ui/");
  if (!page::is_built()) {
    EXPECT_EQ(page.status, 404);
    EXPECT_THAT(page.body, HasSubstr("built without its page"));
    return;
  }
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(header(page, "x-content-type-options"), "nosniff");
  EXPECT_EQ(header(page, "referrer-policy"), "no-referrer");
  EXPECT_EQ(header(page, "cache-control"), "no-cache");
  const std::string policy(header(page, "content-security-policy"));
  EXPECT_THAT(policy, HasSubstr("default-src 'none'; script-src 'self'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  for (const char* name : {"nothing.js", "..", "index", ""}) {
    EXPECT_EQ(ask("GET", std::string("/ui/") + name + (*name == 0 ? "/" : "")).status, 404) << name;
  }
}

TEST_F(Scoring, AFileOfThePageIsTheSameCompressedAndNot) {
  if (!page::is_built()) GTEST_SKIP() << "built without the page";
  const std::string index = ask("GET", "/ui/").body;
  const std::size_t at = index.find("index-");
  ASSERT_NE(at, std::string::npos);
  const std::string name = index.substr(at, index.find('"', at) - at);
  const HttpResponse plain = ask("GET", "/ui/" + name);
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(header(plain, "content-encoding"), "");
  EXPECT_THAT(std::string(header(plain, "cache-control")), HasSubstr("immutable"));
  for (const char* accepted : {"gzip", "br, GZIP;q=0.8", "deflate,gzip ; q=1"}) {
    const HttpResponse packed = ask("GET", "/ui/" + name, {}, {{"accept-encoding", accepted}});
    EXPECT_EQ(header(packed, "content-encoding"), "gzip") << accepted;
    EXPECT_EQ(base::inflate(packed.body, plain.body.size(), "test"), plain.body);
  }
  for (const char* accepted : {"br", "gzip;q=0", "gzip;q=0.000, br", "x-gzip2"}) {
    EXPECT_EQ(ask("GET", "/ui/" + name, {}, {{"accept-encoding", accepted}}).body, plain.body) << accepted;
  }
}

TEST_F(Scoring, ModelsAreChosenByNameInTheQuery) {
  ServedModel other = *service_.models.at("starter");
  other.name = "other";
  serve(other);
  const std::string body = R"({"input_data": {"columns": ["text"], "data": [["a"]]}})";
  EXPECT_EQ(header(ask("POST", "/score", body), "x-mi2-model"), "starter");
  EXPECT_EQ(header(ask("POST", "/score?model=other", body), "x-mi2-model"), "other");
  EXPECT_EQ(header(ask("POST", "/score?x=1&model=%6Fther", body), "x-mi2-model"), "other");
  EXPECT_EQ(ask("POST", "/score?model=nothing", body).status, 404);
}

TEST_F(Scoring, AnAnswerOutlivesTheServiceItCameFrom) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/score";
  request.body = R"({"input_data": {"columns": ["text"], "data": [["a"]]}})";
  auto service = std::make_unique<Service>(service_);
  const Match found = match(request);
  const RequestPlan plan = found.route->parse(*service, request, found.parameters);
  service.reset();
  service_.models.clear();
  EXPECT_EQ(plan.finish({{}, test::matrix_of({text_vector("a")})}).status, 200);
}

}  // namespace
}  // namespace mi2::protocols
