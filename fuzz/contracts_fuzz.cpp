// The HTTP contracts: whatever a request holds, a RequestPlan within its limits whose answer is JSON, or a mi2::Error.
// The first byte chooses the route, the second the content type; a line of its own may follow for the query; then comes
// the body.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include <mi2/matrix.hpp>

#include "protocols/routes.hpp"

namespace {

using namespace mi2::protocols;

Service make_service() {
  auto embeds = std::make_shared<ServedModel>();
  embeds->name = "m";
  embeds->dimensions = 2;
  auto classifies = std::make_shared<ServedModel>(*embeds);
  classifies->name = "c";
  classifies->kind = ModelKind::kAdapter;
  classifies->labels = {"a", "b"};
  classifies->adapter = [](std::span<const float> image) { return std::vector<float>(image.begin(), image.end()); };
  Service service;
  service.models = {{"m", embeds}, {"c", classifies}};
  service.default_model = "m";
  service.limits = {8, 8, 64};
  service.allowed_url_hosts = {"a.b"};
  return service;
}

mi2::EmbeddingMatrix rows_of(std::size_t rows, const std::array<float, 2>& row) {
  mi2::EmbeddingMatrix matrix(rows, row.size());
  for (std::size_t i = 0; i < rows; ++i) std::ranges::copy(row, matrix.row(i).begin());
  return matrix;
}

/// As the request's header tells it, the body is cut where the binary part starts.
void add_headers(HttpRequest& request, std::uint8_t choice) {
  constexpr std::array<std::string_view, 6> kTypes{
      "application/json", "text/csv", "", "application/octet-stream", "multipart/form-data; boundary=b", "image/png"};
  request.headers.emplace_back("content-type", kTypes[choice % kTypes.size()]);
  if (choice < 128) return;
  request.headers.emplace_back("inference-header-content-length", std::to_string(choice - 128));
}

void check_answer(const Service& service, const RequestPlan& plan) {
  const Work& work = plan.work;
  if (work.images.size() > service.limits.rows || work.texts.size() > service.limits.rows) std::abort();
  Vectors vectors;
  vectors.images = rows_of(work.images.size(), {0.6F, 0.8F});
  vectors.texts = rows_of(work.texts.size(), {0.8F, -0.6F});
  const HttpResponse answer = plan.finish(vectors);
  const std::string_view body = answer.body;
  std::size_t json = body.size();
  for (const auto& [name, value] : answer.headers) {
    if (name == "inference-header-content-length") json = std::stoul(value);
  }
  const bool is_json = answer.content_type == "application/json" || json != body.size();
  if (is_json && !nlohmann::json::accept(body.substr(0, json))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Service service = make_service();
  if (size < 2) return 0;
  const Route& route = routes()[data[0] % routes().size()];
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  HttpRequest request;
  request.method = route.method;
  request.path = route.path;
  add_headers(request, data[1]);
  if (rest.starts_with('?')) {
    request.query = rest.substr(1, rest.find('\n') - 1);
    rest.remove_prefix(std::min(request.query.size() + 2, rest.size()));
  }
  request.body = rest;
  const PathParameters parameters{data[1] % 2 == 0 ? "m" : "c", "1"};
  try {
    check_answer(service, route.parse(service, std::move(request), parameters));
  } catch (const mi2::Error& error) {
    for (const HttpResponse& answer : {error_answer(&route, error), item_error_answer(&route, error)}) {
      if (answer.status >= 500 || !nlohmann::json::accept(answer.body)) std::abort();
    }
  }
  // The same bytes as a path: matched or refused, never more.
  HttpRequest stray;
  stray.method = data[1] % 2 == 0 ? "GET" : "POST";
  stray.path = std::string_view(reinterpret_cast<const char*>(data), size);
  const Match found = match(stray);
  if ((found.route == nullptr) != found.refusal.has_value()) std::abort();
  static_cast<void>(request_ids(stray, "fresh"));
  return 0;
}
