// KServe's Open Inference Protocol: every form of a request, every error format.

#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "support.hpp"
#include "support/paths.hpp"

namespace mi2::protocols {
namespace {

using ::testing::HasSubstr;

class Kserve : public Scoring {
 protected:
  static Json tensor(const char* name, const Json& shape, const Json& data) {
    return {{"name", name}, {"datatype", "BYTES"}, {"shape", shape}, {"data", data}};
  }
  Json infer(const Json& body) const { return post("/v2/models/starter/infer", body); }
  static std::string binary_element(std::string_view bytes) {
    const auto length = static_cast<std::uint32_t>(bytes.size());
    return std::string(reinterpret_cast<const char*>(&length), 4) + std::string(bytes);
  }
};

TEST_F(Kserve, InfersFromBytesInJson) {
  const Json got = infer({{"id", "42"},
                          {"inputs", list(tensor("image", list(2, 1), list(list(base64()), list(base64("rgba.png")))),
                                          tensor("text", list(1), list(kText)))}});
  EXPECT_EQ(got["model_name"], "starter");
  EXPECT_EQ(got["id"], "42");
  ASSERT_EQ(got["outputs"].size(), 3U);
  const Json& images = got["outputs"][0];
  const int width = starter().dimensions();
  EXPECT_EQ(images["name"], "image_embeddings");
  EXPECT_EQ(images["datatype"], "FP32");
  EXPECT_EQ(images["shape"], list(2, width));
  const test::Embedding flat = numbers(images["data"]);
  EXPECT_EQ(test::Embedding(flat.begin() + width, flat.end()), image_vector("rgba.png", Profile::kRaw));
  EXPECT_EQ(numbers(got["outputs"][1]["data"]), text_vector(kText));
  EXPECT_EQ(got["outputs"][2]["data"][0].get<float>(), starter().logit_scale());
}

TEST_F(Kserve, InfersInTheBinaryExtension) {
  const std::string binary = binary_element(picture()) + binary_element(base64("rgba.png"));
  const std::string head = fmt::format(
      R"({{"inputs": [{{"name": "image", "datatype": "BYTES", "shape": [2], "parameters": {{"binary_data_size": {}}}}}],
          "outputs": [{{"name": "image_embeddings", "parameters": {{"binary_data": true}}}}]}})",
      binary.size());
  const HttpResponse got = ask(
      "POST", "/v2/models/starter/infer", head + binary,
      {{"content-type", "application/octet-stream"}, {"inference-header-content-length", std::to_string(head.size())}});
  ASSERT_EQ(got.status, 200) << got.body;
  EXPECT_EQ(got.content_type, "application/octet-stream");
  const std::size_t length = std::stoul(header(got, "inference-header-content-length"));
  const Json json = Json::parse(got.body.substr(0, length));
  ASSERT_EQ(json["outputs"].size(), 1U);
  EXPECT_EQ(json["outputs"][0]["parameters"]["binary_data_size"], got.body.size() - length);
  const std::string bytes = got.body.substr(length);
  const test::Embedding first = image_vector("gray.png", Profile::kRaw);
  const test::Embedding second = image_vector("rgba.png", Profile::kRaw);
  ASSERT_EQ(bytes.size(), 2 * first.size() * sizeof(float));
  EXPECT_EQ(std::memcmp(bytes.data(), first.data(), bytes.size() / 2), 0);
  EXPECT_EQ(std::memcmp(bytes.data() + bytes.size() / 2, second.data(), bytes.size() / 2), 0);
}

TEST_F(Kserve, GivesTheOutputsThatWereAskedFor) {
  const Json got = infer(
      {{"inputs", list(tensor("text", list(1), list(kText)))}, {"outputs", list(Json{{"name", "scaling_factor"}})}});
  ASSERT_EQ(got["outputs"].size(), 1U);
  EXPECT_EQ(got["outputs"][0]["name"], "scaling_factor");
}

TEST_F(Kserve, RefusesInItsOwnFormat) {
  const auto one = [](const Json& input) { return Json{{"inputs", list(input)}}.dump(); };
  Json floats = tensor("image", list(1), list(1.5));
  Json wrong_type = tensor("text", list(1), list(kText));
  wrong_type["datatype"] = "FP32";
  for (const std::string& body :
       {std::string("{}"), std::string("[]"), Json{{"inputs", Json::array()}}.dump(), one(floats), one(wrong_type),
        one(tensor("sound", list(1), list("a"))), one(tensor("text", list(2), list("a"))),
        one(tensor("text", list(-1), list("a"))), one(tensor("text", list(), list("a"))), one(3), one(Json::object()),
        one(Json{{"name", "text"}, {"datatype", "BYTES"}, {"shape", list(1)}}),
        one(tensor("text", list(0), Json::array())), one(tensor("image", list(1), list(""))),
        Json{{"inputs", list(tensor("text", list(1), list("a")))}, {"outputs", list(Json{{"name", "x"}})}}.dump(),
        Json{{"inputs", list(tensor("text", list(1), list("a")), tensor("text", list(1), list("a")))}}.dump()}) {
    const HttpResponse refused = ask("POST", "/v2/models/starter/infer", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_TRUE(Json::parse(refused.body)["error"].is_string());
  }
  EXPECT_EQ(ask("POST", "/v2/models/other/infer", "{}").status, 404);
  const std::string huge = one(tensor("text", list(4'000'000'000U, 4'000'000'000U, 16), list("a")));
  EXPECT_EQ(ask("POST", "/v2/models/starter/infer", huge).status, 413);
}

TEST_F(Kserve, RefusesBinaryDataThatDoesNotFit) {
  const auto status = [&](std::size_t size, const std::string& binary, std::size_t header_length) {
    const std::string head = fmt::format(
        R"({{"inputs": [{{"name": "text", "datatype": "BYTES", "shape": [1], "parameters": {{"binary_data_size": {}}}}}]}})",
        size);
    return ask("POST", "/v2/models/starter/infer", head + binary,
               {{"inference-header-content-length", std::to_string(header_length == 0 ? head.size() : header_length)}})
        .status;
  };
  const std::string element = binary_element("abc");
  EXPECT_EQ(status(element.size(), element, 0), 200);
  EXPECT_EQ(status(element.size() + 1, element, 0), 400);
  EXPECT_EQ(status(element.size(), element + "x", 0), 400);
  EXPECT_EQ(status(3, element, 0), 400);
  EXPECT_EQ(status(6, std::string("\xFF\xFF\xFF\xFF", 4) + "ab", 0), 400);
  EXPECT_EQ(status(element.size(), element, 1 << 20), 400);
  EXPECT_EQ(status(5, binary_element("\xFF"), 0), 400);
}

TEST_F(Kserve, TellsOfServerAndModels) {
  EXPECT_EQ(good("GET", "/v2")["extensions"], list("binary_tensor_data"));
  EXPECT_EQ(good("GET", "/v2/health/live")["live"], true);
  EXPECT_EQ(good("GET", "/v2/health/ready")["ready"], true);
  EXPECT_EQ(good("GET", "/v2/models/starter/ready")["ready"], true);
  const Json model = good("GET", "/v2/models/starter");
  EXPECT_EQ(model["inputs"][0]["name"], "image");
  EXPECT_EQ(model["outputs"][0]["shape"], list(-1, starter().dimensions()));
  EXPECT_EQ(ask("GET", "/v2/models/other").status, 404);
}

TEST_F(Kserve, AClassifierGivesScoresInTheOrderOfItsLabels) {
  ServedModel model = *service_.models.at("starter");
  model.kind = ModelKind::kAdapter;
  model.labels = {"a", "b"};
  model.adapter = [](std::span<const float>) { return std::vector<float>{0, std::log(3.0F)}; };
  serve(model);
  const Json got = infer({{"inputs", list(tensor("image", list(1), list(base64())))}});
  EXPECT_EQ(got["outputs"][0]["name"], "scores");
  EXPECT_NEAR(got["outputs"][0]["data"][1].get<double>(), 0.75, 1e-6);  // f32
  EXPECT_EQ(got["outputs"][1]["data"], list("a", "b"));
  EXPECT_EQ(
      ask("POST", "/v2/models/starter/infer", Json{{"inputs", list(tensor("text", list(1), list("a")))}}.dump()).status,
      400);
}

}  // namespace
}  // namespace mi2::protocols
