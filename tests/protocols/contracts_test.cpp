// MLflow, the community server and OpenAI: every form of a request, every error format.

#include <cmath>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include <mi2/classifier.hpp>
#include <mi2/tokenize.hpp>
#include <mi2/version.hpp>

#include "support.hpp"
#include "support/paths.hpp"

namespace mi2::protocols {
namespace {

using ::testing::HasSubstr;

class Mlflow : public Scoring {
 protected:
  HttpResponse invoke(std::string body, const char* type = "application/json") const {
    return ask("POST", "/invocations", std::move(body), {{"content-type", type}});
  }
  Json predictions(std::string body, const char* type = "application/json") const {
    const HttpResponse got = invoke(std::move(body), type);
    EXPECT_EQ(got.status, 200) << got.body.substr(0, 500);
    return Json::parse(got.body).at("predictions");
  }
};

TEST_F(Mlflow, ReadsAllFiveFormsAlike) {
  const Json record = {{"image", base64()}, {"text", kText}};
  const Json split = {{"columns", list("image", "text")}, {"index", list(0)}, {"data", list(list(base64(), kText))}};
  const Json wanted = predictions(Json{{"dataframe_split", split}}.dump());
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(numbers(wanted[0]["image_features"][0]), image_vector("gray.png", Profile::kAzure));
  EXPECT_EQ(numbers(wanted[0]["text_features"][0]), text_vector(kText));
  for (const Json& body : {Json{{"dataframe_records", list(record)}}, Json{{"instances", list(record)}},
                           Json{{"inputs", list(record)}}, Json{{"instances", list(list(base64(), kText))}},
                           Json{{"inputs", {{"image", list(base64())}, {"text", list(kText)}}}},
                           Json{{"inputs", {{"image", base64()}, {"text", kText}}}}}) {
    EXPECT_EQ(predictions(body.dump()), wanted) << body.dump().substr(0, 60);
  }
  EXPECT_EQ(predictions("image,text\n" + base64() + "," + kText + "\n", "text/csv"), wanted);
  EXPECT_EQ(predictions("IMAGE,Text\n" + base64() + "," + kText + "\n", "text/csv"), wanted);
  EXPECT_EQ(predictions(",text,image\r\n0,\"" + kText + "\"," + base64() + "\r\n", "text/csv; charset=utf-8"), wanted);
}

TEST_F(Mlflow, ReadsParameters) {
  Json body = {{"inputs", {{"text", list(kText, "b")}}}, {"params", {{"get_scaling_factor", false}}}};
  const Json rows = predictions(body.dump());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].size(), 1U);
}

TEST_F(Scoring, RefusesNulBytesAndDuplicateKeysOnEveryRoute) {
  for (const char* path :
       {"/score", "/invocations", "/predict", "/encode", "/v1/embeddings", "/v2/models/starter/infer"}) {
    for (const std::string& body :
         {std::string("{\"texts\":[\"a\"],\"input\":\"a\"}\0junk", 32),
          std::string(R"({"input":"a","input":"b","texts":["a"]})"),
          std::string(R"({"input_data":{"columns":["text"],"data":[["a"]],"data":[["b"]]}})")}) {
      const HttpResponse got = ask("POST", path, body, {{"content-type", "application/json"}});
      EXPECT_EQ(got.status, 400) << path;
      EXPECT_THAT(got.body, ::testing::AnyOf(HasSubstr("not valid JSON at byte"), HasSubstr("key of an earlier one")))
          << path;
    }
  }
}

TEST_F(Scoring, CountsRowsOfCsvBeforeItKeepsThem) {
  service_.limits.rows = 3;
  std::string body = "image,text\n";
  for (int i = 0; i < 4; ++i) body += ",\n";
  const HttpResponse got = ask("POST", "/invocations", body, {{"content-type", "text/csv"}});
  EXPECT_EQ(got.status, 413);
  EXPECT_THAT(got.body, HasSubstr("more than 3 rows"));
}

TEST_F(Scoring, RefusesAnswersThatWouldBeTooLarge) {
  service_.limits.answer_bytes = 1000;
  Json body = {{"images", list(base64(), base64())}, {"labels", list("a", "b")}};
  EXPECT_EQ(ask("POST", "/predict", body.dump()).status, 200);
  for (int i = 0; i < 10; ++i) body["labels"].push_back(std::to_string(i));
  const HttpResponse got = ask("POST", "/predict", body.dump());
  EXPECT_EQ(got.status, 413);
  EXPECT_THAT(got.body, HasSubstr("the scores of 12 labels for 2 images"));
  body["labels"] = list(std::string(400, '\n'));  // each is two bytes in an answer
  EXPECT_EQ(ask("POST", "/predict", body.dump()).status, 413);
}

TEST_F(Scoring, ChecksTheLengthOfATextBeforeItIsTokenized) {
  ServedModel model = *service_.models.at("starter");
  model.count_tokens = [](std::string_view text) -> std::size_t {
    EXPECT_LE(text.size(), 100U);
    return 1;
  };
  serve(model);
  service_.limits.text_bytes = 100;
  EXPECT_EQ(ask("POST", "/v1/embeddings", Json{{"input", std::string(100, 'a')}}.dump()).status, 200);
  EXPECT_EQ(ask("POST", "/v1/embeddings", Json{{"input", std::string(101, 'a')}}.dump()).status, 413);
}

TEST_F(Scoring, RefusesATextThatTheModelWouldRefuseByItsRowBeforeAnythingIsComputed) {
  std::string nested = "&";
  for (int i = 0; i < 7000; ++i) nested += "amp;";
  const Json rows = list(list("chest x-ray"), list(nested));
  const std::string message =
      score_refusal(413, Json{{"input_data", {{"columns", list("text")}, {"data", rows}}}}.dump());
  EXPECT_THAT(message, ::testing::StartsWith("row 2: text: "));
  EXPECT_THAT(message, HasSubstr("repair passes"));
  HttpRequest request;
  request.method = "POST";
  request.path = "/embed";
  request.body = Json{{"inputs", list("chest x-ray", nested)}}.dump();
  const Match found = match(request);
  EXPECT_THROW(found.route->parse(service_, std::move(request), found.parameters), Error);
}

TEST_F(Scoring, CountsElementsOfATensorBeforeItKeepsThem) {
  const std::string head =
      R"({"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":4000}}]})";
  const HttpResponse binary = ask("POST", "/v2/models/starter/infer", head + std::string(4000, '\0'),
                                  {{"inference-header-content-length", std::to_string(head.size())}});
  EXPECT_EQ(binary.status, 400);
  EXPECT_THAT(binary.body, HasSubstr("more elements, its shape has 1"));
  Json input = {{"name", "text"}, {"datatype", "BYTES"}, {"shape", list(1)}, {"data", list(list("a", "b"), list("c"))}};
  EXPECT_THAT(ask("POST", "/v2/models/starter/infer", Json{{"inputs", list(input)}}.dump()).body,
              HasSubstr("more elements"));
  EXPECT_THAT(ask("POST", "/v2/models/starter/infer", Json{{"inputs", list(input, input, input, input)}}.dump()).body,
              HasSubstr("inputs: expected at most 3, got 4"));
}

TEST_F(Mlflow, RefusesInItsOwnFormat) {
  for (const char* body :
       {"{}", "[]", "{", R"({"inputs": {"text": ["a"]}, "instances": [["", "a"]]})", R"({"inputs": {"label": ["a"]}})",
        R"({"inputs": {"image": ["Zm9v"], "text": ["a", "b"]}})", R"({"inputs": 3})", R"({"dataframe_records": {}})",
        R"({"instances": ["a"]})", R"({"dataframe_split": {"columns": ["text"]}})", R"({"inputs": {}})"}) {
    const HttpResponse refused = invoke(body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(Json::parse(refused.body)["error_code"], "BAD_REQUEST");
    EXPECT_TRUE(Json::parse(refused.body)["message"].is_string());
  }
  // In the words of every other table (tests/cli/test_tables.py).
  const std::vector<std::pair<std::string_view, std::string_view>> tables{
      {"", "body: is empty; expected a header line"},
      {"label\na\n", "body: expected a column image, text or both"},
      {",index\n0,a\n", "body: expected a column image, text or both"},
      {"\"\"\n\"0\"\n", "body: expected a column image, text or both"},
      {"text,TEXT\na,b\n", "body: column 2 is a duplicate of column 1"},
      {"text\n\"a", "body: line 2: a quote is not closed"},
      {"text\n\xFF\n", "body: byte 6 is not UTF-8"},
      {std::string_view("text\n\0\n", 7), "body: byte 6 is zero, expected text"},
      {"text\na,b\n", "body: line 2: 2 fields, the header has 1"},
  };
  for (const auto& [csv, message] : tables) {
    const HttpResponse refused = invoke(std::string(csv), "text/csv");
    EXPECT_EQ(refused.status, 400) << csv;
    EXPECT_EQ(Json::parse(refused.body)["message"], message);
  }
  EXPECT_EQ(invoke("image\nZm9vYmFy\n", "text/csv").status, 422);
  EXPECT_EQ(invoke("{}", "text/plain").status, 415);
  EXPECT_EQ(ask("POST", "/invocations", "{}").status, 415);
}

TEST_F(Mlflow, PingHealthVersion) {
  EXPECT_EQ(ask("GET", "/ping").status, 200);
  EXPECT_EQ(good("GET", "/health")["status"], "healthy");
  EXPECT_EQ(ask("GET", "/version").body, version());
}

class Community : public Scoring {};

TEST_F(Community, PredictGivesProbabilitiesBestFirst) {
  const std::vector<std::string> labels{"chest x-ray", "skin photo", "brain MRI"};
  for (const bool multilabel : {false, true}) {
    const HttpResponse got =
        ask("POST", "/predict",
            Json{{"images", list(base64("colour_a.jpg"))}, {"labels", labels}, {"multilabel", multilabel}}.dump());
    ASSERT_EQ(got.status, 200) << got.body;
    const auto prediction = nlohmann::ordered_json::parse(got.body)["predictions"][0];
    ClassifierOptions options;
    options.multilabel = multilabel;
    const auto wanted = Classifier(starter(), labels, options).classify(image_vector("colour_a.jpg", Profile::kRaw));
    ASSERT_EQ(prediction.size(), 3U);
    std::size_t i = 0;
    for (const auto& [label, probability] : prediction.items()) {
      EXPECT_EQ(label, wanted[i].label);
      EXPECT_EQ(probability.get<double>(), wanted[i++].score);
    }
    EXPECT_EQ(header(got, "x-mi2-profile"), "raw");
  }
}

TEST_F(Community, EncodeGivesVectorsOrNull) {
  const Json both = post("/encode", {{"images", list(base64())}, {"texts", list(kText, "")}});
  EXPECT_EQ(numbers(both["image_embeddings"].at(0)), image_vector("gray.png", Profile::kRaw));
  EXPECT_EQ(numbers(both["text_embeddings"].at(0)), text_vector(kText));
  EXPECT_EQ(numbers(both["text_embeddings"].at(1)), text_vector(""));
  EXPECT_TRUE(post("/encode", {{"texts", list(kText)}, {"images", nullptr}})["image_embeddings"].is_null());
  EXPECT_TRUE(post("/encode", {{"images", list(base64())}})["text_embeddings"].is_null());
}

TEST_F(Community, JsonHasTheNamesAndTheParametersOfAForm) {
  const Json several = post("/encode", {{"images", list(base64())}, {"texts", list(kText)}});
  for (const char* path : {"/encode", "/v1/embed"}) {
    EXPECT_EQ(post(path, {{"image", base64()}, {"text", kText}}), several);
    const Json mixed = post(path, {{"image", base64()}, {"images", list(base64("colour_a.jpg"))}});
    EXPECT_EQ(mixed["image_embeddings"].size(), 2U);
    EXPECT_EQ(numbers(mixed["image_embeddings"][0]), image_vector("gray.png", Profile::kRaw));
    const Json azure = post(path, {{"image", base64()}, {"params", {{"profile", "azure"}}}});
    EXPECT_EQ(numbers(azure["image_embeddings"][0]), image_vector("gray.png", Profile::kAzure));
    EXPECT_EQ(ask("POST", path, R"({"texts": ["a"], "params": {"profile": "cooked"}})").status, 400);
    EXPECT_EQ(ask("POST", path, R"({"texts": ["a"], "params": 3})").status, 400);
  }
  const Json labels = list("chest x-ray", "brain MRI");
  EXPECT_EQ(post("/predict", {{"image", base64()}, {"labels", labels}}),
            post("/predict", {{"images", list(base64())}, {"labels", labels}}));
  const Json prepared = {{"image", base64()}, {"labels", labels}, {"params", {{"profile", "azure"}}}};
  EXPECT_EQ(header(ask("POST", "/predict", prepared.dump()), "x-mi2-profile"), "azure");
}

TEST_F(Community, RefusesInItsOwnFormat) {
  for (const char* body : {"{}", "3", R"({"images": [], "labels": ["a"]})", R"({"images": ["Zm9v"]})",
                           R"({"images": ["Zm9v"], "labels": ["a", "a"]})", R"({"images": "Zm9v", "labels": ["a"]})",
                           R"({"images": ["Zm9v"], "labels": [""]})", R"({"images": [3], "labels": ["a"]})",
                           R"({"images": ["Zm9v"], "labels": ["a"], "multilabel": 1})"}) {
    const HttpResponse refused = ask("POST", "/predict", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_TRUE(Json::parse(refused.body)["detail"].is_string());
  }
  EXPECT_EQ(ask("POST", "/encode", "{}").status, 400);
  EXPECT_EQ(ask("POST", "/encode", R"({"images": ["Zm9vYmFy"]})").status, 422);
  service_.limits.labels = 1;
  EXPECT_EQ(ask("POST", "/predict", R"({"images": ["Zm9v"], "labels": ["a", "b"]})").status, 413);
}

class OpenAi : public Scoring {};

TEST_F(OpenAi, EmbedsTextsAsFloatsAndAsBase64) {
  const Json floats = post("/v1/embeddings", {{"model", "starter"}, {"input", list(kText, "b")}});
  EXPECT_EQ(floats["object"], "list");
  EXPECT_EQ(floats["model"], "starter");
  ASSERT_EQ(floats["data"].size(), 2U);
  EXPECT_EQ(floats["data"][1]["index"], 1);
  EXPECT_EQ(floats["data"][0]["object"], "embedding");
  EXPECT_EQ(numbers(floats["data"][0]["embedding"]), text_vector(kText));
  const auto tokens = tokenize(test::starter_model(), std::vector<std::string>{kText, "b"});
  EXPECT_EQ(floats["usage"]["prompt_tokens"], tokens[0].ids.size() + tokens[1].ids.size());
  EXPECT_EQ(floats["usage"]["total_tokens"], floats["usage"]["prompt_tokens"]);
  const Json packed = post("/v1/embeddings", {{"input", kText}, {"encoding_format", "base64"}});
  const std::string bytes = base::base64_decode(packed["data"][0]["embedding"].get<std::string>(), "t");
  const test::Embedding wanted = text_vector(kText);
  ASSERT_EQ(bytes.size(), wanted.size() * sizeof(float));
  EXPECT_EQ(std::memcmp(bytes.data(), wanted.data(), bytes.size()), 0);
}

TEST_F(OpenAi, EmbedsImagesAsDataUris) {
  const std::string uri = "data:image/png;base64," + base64();
  const test::Embedding wanted = image_vector("gray.png", Profile::kRaw);
  const Json said = post("/v1/embeddings", {{"input", uri}, {"modality", "image"}});
  EXPECT_EQ(numbers(said["data"][0]["embedding"]), wanted);
  EXPECT_EQ(said["usage"]["total_tokens"], 0);
  const Json mixed = post("/v1/embeddings", {{"input", list(kText, uri)}});
  EXPECT_EQ(numbers(mixed["data"][0]["embedding"]), text_vector(kText));
  EXPECT_EQ(numbers(mixed["data"][1]["embedding"]), wanted);
  EXPECT_EQ(
      numbers(post("/v1/embeddings", {{"input", "data:;base64,AA=="}, {"modality", "text"}})["data"][0]["embedding"]),
      text_vector("data:;base64,AA=="));
}

TEST_F(OpenAi, ShortensToDimensionsAsUnitVectors) {
  const test::Embedding full = text_vector(kText);
  const test::Embedding half =
      numbers(post("/v1/embeddings", {{"input", kText}, {"dimensions", 16}})["data"][0]["embedding"]);
  ASSERT_EQ(half.size(), 16U);
  EXPECT_NEAR(std::inner_product(half.begin(), half.end(), half.begin(), 0.0), 1, 1e-6);  // f32 rounding
  EXPECT_NEAR(half[0] / half[1], full[0] / full[1], 1e-5 * std::abs(full[0] / full[1]));
  EXPECT_EQ(numbers(post("/v1/embeddings", {{"input", kText}, {"dimensions", full.size()}})["data"][0]["embedding"]),
            full);
}

TEST_F(OpenAi, RefusesInItsOwnFormat) {
  for (const char* body : {"{}", R"({"input": []})", R"({"input": 3})", R"({"input": [1, 2]})", R"({"input": [[1]]})",
                           R"({"input": "a", "dimensions": 0})", R"({"input": "a", "dimensions": 100000})",
                           R"({"input": "a", "encoding_format": "int8"})", R"({"input": "a", "modality": "sound"})",
                           R"({"input": "a", "model": 3})", R"({"input": "", "modality": "image"})"}) {
    const HttpResponse refused = ask("POST", "/v1/embeddings", body);
    EXPECT_EQ(refused.status, 400) << body;
    const Json error = Json::parse(refused.body)["error"];
    EXPECT_EQ(error["type"], "invalid_request_error");
    EXPECT_TRUE(error["message"].is_string());
  }
  EXPECT_EQ(ask("POST", "/v1/embeddings", R"({"input": "a", "model": "gpt"})").status, 404);
  EXPECT_EQ(ask("POST", "/v1/embeddings", R"({"input": "data:;base64,Zm9vYmFy"})").status, 422);
}

TEST_F(OpenAi, ListsModels) {
  EXPECT_EQ(good("GET", "/v1/models")["data"][0]["id"], "starter");
  const Json model = good("GET", "/v1/models/starter");
  EXPECT_EQ(model["object"], "model");
  EXPECT_GT(model["created"].get<std::int64_t>(), 0);
  EXPECT_EQ(ask("GET", "/v1/models/other").status, 404);
}

}  // namespace
}  // namespace mi2::protocols
