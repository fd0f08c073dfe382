#pragma once
// A service over the starter model, asked without a port.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

#include "base/base64.hpp"
#include "protocols/routes.hpp"
#include "protocols/synchronous.hpp"
#include "support/matrix.hpp"
#include "support/paths.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::protocols {

using Json = nlohmann::json;

/// A JSON array. (Braces would make an object of pairs that start with a string.)
template <typename... Values>
Json list(const Values&... values) {
  Json result = Json::array();
  (result.push_back(Json(values)), ...);
  return result;
}

/// What is asked where any text serves.
inline const std::string kText = "magnetic resonance imaging brain glioma";

inline const Embedder& starter() {
  static const Embedder embedder = Embedder::open(test::starter_model());
  return embedder;
}

class Scoring : public ::testing::Test {
 protected:
  Scoring() {
    static const ServedModel model = describe_model("starter", starter(), test::starter_model());
    serve(model);
    service_.default_model = "starter";
  }

  void serve(ServedModel model) {
    const std::string name = model.name;
    service_.models[name] = std::make_shared<const ServedModel>(std::move(model));
  }

  HttpResponse ask(std::string_view method, std::string_view path, std::string body = {},
                   std::vector<std::pair<std::string, std::string>> headers = {}) const {
    HttpRequest request;
    request.method = method;
    request.path = path.substr(0, path.find('?'));
    if (path.find('?') != std::string_view::npos) request.query = path.substr(path.find('?') + 1);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return answer(
        service_, [](std::string_view) -> const Embedder& { return starter(); }, std::move(request));
  }

  /// The JSON of a 200.
  Json good(std::string_view method, std::string_view path, std::string body = {},
            std::vector<std::pair<std::string, std::string>> headers = {}) const {
    const HttpResponse got = ask(method, path, std::move(body), std::move(headers));
    EXPECT_EQ(got.status, 200) << got.body.substr(0, 500);
    return Json::parse(got.body);
  }
  Json post(std::string_view path, const Json& body) const { return good("POST", path, body.dump()); }

  /// The message of a refusal of POST /score, whose status must be `status`.
  std::string score_refusal(int status, const std::string& body) const {
    const HttpResponse got = ask("POST", "/score", body);
    EXPECT_EQ(got.status, status) << got.body.substr(0, 500);
    return Json::parse(got.body).at("message").get<std::string>();
  }

  static std::string picture(std::string_view name = "gray.png") {
    return test::read_back(std::filesystem::path(test::golden_data()) / "images" / name);
  }
  static std::string base64(std::string_view name = "gray.png") {
    const std::string bytes = picture(name);
    return base::base64_encode(std::as_bytes(std::span(bytes)));
  }
  static test::Embedding image_vector(std::string_view name, const ImageOptions& options) {
    const std::string bytes = picture(name);
    const Pixels pixels = starter().prepare(std::as_bytes(std::span(bytes)), name, options);
    return test::rows_of(starter().embed_images(std::span(&pixels, 1))).front();
  }
  static test::Embedding image_vector(std::string_view name, Profile profile) {
    ImageOptions options;
    options.profile = profile;
    return image_vector(name, options);
  }
  static test::Embedding text_vector(std::string text) {
    return test::rows_of(starter().embed_texts(std::span(&text, 1)).vectors).front();
  }

  static std::string header(const HttpResponse& answer, std::string_view name) {
    for (const auto& [key, value] : answer.headers) {
      if (key == name) return value;
    }
    return {};
  }

  Service service_;
};

/// The numbers of a JSON list as f32: what was printed must read back to the same bits.
inline test::Embedding numbers(const Json& list) { return list.get<test::Embedding>(); }

}  // namespace mi2::protocols
