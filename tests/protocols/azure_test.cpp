// POST /score: every form a client of the hosted endpoint sends, every error it may meet.

#include <cmath>

#include <fmt/format.h>

#include "adapter/adapter.hpp"
#include "base/base64.hpp"
#include "dicom/builder.hpp"
#include "support.hpp"
#include "support/paths.hpp"
#include "weights/safetensors.hpp"

namespace mi2::protocols {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Json table(const Json& columns, const Json& data) { return {{"input_data", {{"columns", columns}, {"data", data}}}}; }

TEST_F(Scoring, ScoreAnswersAnObjectARowWithoutTheSidesThatAreAbsent) {
  const Json body = {{"input_data",
                      {{"columns", list("image", "text")},
                       {"index", {0, 1, 2}},
                       {"data", list(list(base64(), kText), list("", kText), list(base64("rgba.png"), nullptr))}}},
                     {"params", {{"get_scaling_factor", true}}}};
  const Json rows = post("/score", body);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].size(), 3U);
  EXPECT_EQ(rows[1].size(), 2U);
  EXPECT_EQ(rows[2].size(), 2U);
  EXPECT_EQ(numbers(rows[0]["image_features"].at(0)), image_vector("gray.png", Profile::kAzure));
  EXPECT_EQ(numbers(rows[0]["text_features"].at(0)), text_vector(kText));
  EXPECT_EQ(numbers(rows[1]["text_features"].at(0)), text_vector(kText));
  EXPECT_EQ(numbers(rows[2]["image_features"].at(0)), image_vector("rgba.png", Profile::kAzure));
  EXPECT_EQ(rows[1]["scaling_factor"].get<float>(), starter().logit_scale());
  EXPECT_EQ(post("/", body), rows);
}

TEST_F(Scoring, ScoreReadsRowsInEveryForm) {
  const Json both = post("/score", table(list("image", "text"), list(list(base64(), kText))));
  EXPECT_EQ(post("/score", table(list("text", "image"), list(list(kText, base64())))), both);
  EXPECT_EQ(post("/score", table(list("image", "text"), list(Json{{"text", kText}, {"image", base64()}}))), both);
  EXPECT_EQ(post("/score", {{"input_data", {{"data", list(list(base64(), kText))}}}}), both);
  EXPECT_EQ(post("/score", {{"input_data", list(Json{{"image", base64()}, {"text", kText}})}}), both);
  const Json text = post("/score", table(list("text"), list(list(kText))));
  EXPECT_EQ(text[0]["text_features"], both[0]["text_features"]);
  EXPECT_FALSE(text[0].contains("image_features"));
  for (const Json& missing : {Json(nullptr), Json("")}) {
    EXPECT_EQ(post("/score", table(list("image", "text"), list(list(missing, kText)))), text);
  }
  EXPECT_EQ(post("/score", table(list("image"), list(list(base64()))))[0]["image_features"], both[0]["image_features"]);
}

TEST_F(Scoring, ScoreReadsBase64WithLineBreaksAndADataUri) {
  const Json plain = post("/score", table(list("image"), list(list(base64()))));
  std::string lines = "data:image/png;base64,";
  const std::string text = base64();
  for (std::size_t at = 0; at < text.size(); at += 76) lines += text.substr(at, 76) + "\n";
  EXPECT_EQ(post("/score", table(list("image"), list(list(lines)))), plain);
}

TEST_F(Scoring, ScoreTakesAnIndexOfAnyValuesAndTheRightLength) {
  Json body = table(list("text"), list(list(kText), list(kText)));
  for (const Json& index : {list(7, 3), list("a", nullptr), Json(nullptr)}) {
    body["input_data"]["index"] = index;
    EXPECT_EQ(post("/score", body).size(), 2U);
  }
  body["input_data"]["index"] = list(0);
  EXPECT_THAT(score_refusal(400, body.dump()), HasSubstr("index: has 1 entries for 2 rows"));
  body["input_data"]["index"] = 3;
  EXPECT_THAT(score_refusal(400, body.dump()), HasSubstr("expected an array, got a number"));
}

TEST_F(Scoring, ScoreReadsParameters) {
  Json body = table(list("image"), list(list(base64("large.jpg"))));
  const Json plain = post("/score", body);
  for (const Json& params : {Json(nullptr), Json::object(), Json{{"get_scaling_factor", nullptr}},
                             Json{{"get_scaling_factor", "true"}}, Json{{"get_scaling_factor", "True"}},
                             Json{{"unknown", 1}}, Json{{"image_standardization_jpeg_compression_ratio", 75}},
                             Json{{"image_standardization_image_size", "512"}}}) {
    body["params"] = params;
    EXPECT_EQ(post("/score", body), plain) << params;
  }
  for (const Json& no : {Json(false), Json("false"), Json("False")}) {
    body["params"] = {{"get_scaling_factor", no}};
    EXPECT_FALSE(post("/score", body)[0].contains("scaling_factor"));
  }
  body["params"] = {{"image_standardization_jpeg_compression_ratio", 30.0}, {"image_standardization_image_size", 256}};
  ImageOptions options;
  options.profile = Profile::kAzure;
  options.azure_quality = 30;
  options.azure_size = 256;
  EXPECT_EQ(numbers(post("/score", body)[0]["image_features"][0]), image_vector("large.jpg", options));
  EXPECT_NE(image_vector("large.jpg", options), image_vector("large.jpg", Profile::kAzure));
  for (const char* bad :
       {R"({"get_scaling_factor": 1})", R"({"get_scaling_factor": "yes"})",
        R"({"image_standardization_jpeg_compression_ratio": -1})",
        R"({"image_standardization_jpeg_compression_ratio": 7.5})", R"({"image_standardization_image_size": "9 "})",
        R"({"image_standardization_image_size": 1e300})", R"({"image_standardization_image_size": 4097})",
        R"({"image_standardization_image_size": "4097"})", R"({"profile": "best"})", "[]", "3"}) {
    body["params"] = Json::parse(bad);
    EXPECT_THAT(score_refusal(400, body.dump()), HasSubstr("params"));
  }
}

/// An object of three frames in base64: 8-bit grey, uniform, of value 80 * frame.
std::string three_frames() {
  std::string pixels;
  for (int frame = 0; frame < 3; ++frame) pixels += std::string(24, static_cast<char>(80 * frame));
  dicom::testing::Dataset data = dicom::testing::picture("MONOCHROME2", 4, 6, 8);
  data.text(0x00280008, "IS", "3").text(0x00281050, "DS", "128").text(0x00281051, "DS", "256");
  return base::base64_encode(data.put(dicom::testing::kPixels, "OB", pixels).file());
}

TEST_F(Scoring, ScoreTakesOneFrameOfSeveral) {
  Json body = table(list("image"), list(list(three_frames())));
  const Json plain = post("/score", body)[0];
  const auto with = [&](const Json& frames) {
    body["params"] = {{"frames", frames}};
    return post("/score", body)[0];
  };
  for (const Json& middle : {Json(nullptr), Json("middle"), Json("2"), Json(2), Json("center:1")}) {
    EXPECT_EQ(with(middle), plain) << middle;
  }
  for (const Json& first : {Json("first"), Json("1"), Json(1), Json("every:3")}) {
    EXPECT_EQ(with(first), with("first"));
    EXPECT_NE(with(first), plain);
  }
  body["params"] = {{"frames", 3}, {"provenance", true}};
  EXPECT_EQ(post("/score", body)[0]["provenance"]["frames"], "3");
  body["params"] = {{"frames", "middle"}, {"provenance", true}};
  EXPECT_FALSE(post("/score", body)[0]["provenance"].contains("frames"));
}

TEST_F(Scoring, ScoreRefusesSeveralFramesAndWhatIsNoSelection) {
  Json body = table(list("image"), list(list(three_frames())));
  const auto refusal = [&](const Json& frames) {
    body["params"] = {{"frames", frames}};
    return score_refusal(400, body.dump());
  };
  EXPECT_THAT(refusal("all"), HasSubstr("one frame, got 3"));
  EXPECT_THAT(refusal("every:2"), HasSubstr("one frame, got 2"));
  EXPECT_THAT(refusal(4), HasSubstr("from 1 to 3, got 4"));
  for (const Json& bad : {Json("Doe"), Json(""), Json(0), Json(-1), Json(1.5), Json("0"), Json(true), Json::array()}) {
    EXPECT_THAT(refusal(bad), HasSubstr("params.frames"));
    EXPECT_THAT(refusal(bad), Not(HasSubstr("Doe")));
  }
}

TEST_F(Scoring, ScoreNamesTheProfileItUsed) {
  const std::string body = table(list("image"), list(list(base64("large.jpg")))).dump();
  const HttpResponse azure = ask("POST", "/score", body);
  EXPECT_EQ(header(azure, "x-mi2-profile"), "azure");
  EXPECT_EQ(header(azure, "x-mi2-dtype"), "f32");
  EXPECT_EQ(header(azure, "x-mi2-weights-sha256").size(), 64U);
  service_.score_profile = Profile::kRaw;
  const HttpResponse raw = ask("POST", "/score", body);
  EXPECT_EQ(header(raw, "x-mi2-profile"), "raw");
  EXPECT_EQ(numbers(Json::parse(raw.body)[0]["image_features"][0]), image_vector("large.jpg", Profile::kRaw));
  EXPECT_NE(raw.body, azure.body);
  Json asked = Json::parse(body);
  asked["params"] = {{"profile", "azure"}};
  EXPECT_EQ(ask("POST", "/score", asked.dump()).body, azure.body);
}

TEST_F(Scoring, ScorePutsProvenanceIntoTheBodyWhenAsked) {
  Json body = table(list("text"), list(list(kText)));
  body["params"] = {{"provenance", true}};
  const Json row = post("/score", body)[0];
  EXPECT_EQ(row["provenance"]["weights_sha256"], starter().provenance().weights_sha256);
  EXPECT_EQ(row["provenance"]["profile"], "azure");
}

TEST_F(Scoring, LegacyShapeIsThreeObjectsWithAllRowsInEach) {
  service_.response_shape = ResponseShape::kLegacy;
  const Json parts =
      post("/score", table(list("image", "text"), list(list(base64(), kText), list(base64("rgba.png"), "b"))));
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(numbers(parts[0]["image_features"].at(1)), image_vector("rgba.png", Profile::kAzure));
  EXPECT_EQ(numbers(parts[1]["text_features"].at(0)), text_vector(kText));
  EXPECT_EQ(parts[2]["scaling_factor"].get<float>(), starter().logit_scale());
  EXPECT_EQ(post("/score", table(list("text"), list(list(kText)))).size(), 2U);
}

TEST_F(Scoring, ABadRowIsNamedAndIsNeverAServersFault) {
  const auto row = [](const Json& image, const Json& text) {
    return table(list("image", "text"), list(list(nullptr, kText), list(image, text))).dump();
  };
  EXPECT_EQ(score_refusal(422, row("Zm9vYmFy", "")),
            "row 2: image: not an image of a format that is known; DICOM, NIfTI, NRRD, MetaImage, PNG, JPEG, "
            "JPEG 2000, WebP, TIFF, GIF and BMP are read");
  EXPECT_THAT(score_refusal(400, row("no base64!", "")), HasSubstr("row 2: image: not base64"));
  EXPECT_THAT(score_refusal(400, row(nullptr, "")), HasSubstr("row 2: has neither"));
  EXPECT_THAT(score_refusal(400, row(5, "")), HasSubstr("row 2: image: expected a string of base64, got a number"));
  EXPECT_THAT(score_refusal(400, row(nullptr, Json{{"a", 1}})),
              HasSubstr("row 2: text: expected a string, got an object"));
  std::string cut = picture();
  cut.resize(cut.size() / 2);
  EXPECT_THAT(score_refusal(422, row(base::base64_encode(std::as_bytes(std::span(cut))), "")),
              HasSubstr("row 2: image"));
  service_.images.max_pixels = 10;
  EXPECT_THAT(score_refusal(422, row(base64(), "")), HasSubstr("row 2: image"));
}

TEST_F(Scoring, MessagesNeverHoldWhatTheClientSent) {
  const std::string secret = "PatientNameDoe";
  for (const std::string& body :
       {table(list("text"), list(list(Json{{"k", secret}}))).dump(), table(list(secret), list(list(secret))).dump(),
        Json{{"input_data", {{secret, 1}, {"data", list(list("a", "b"))}}}}.dump(), "{\"" + secret, secret,
        table(list("image"), list(list(secret))).dump(), Json{{"input_data", list(Json{{secret, "x"}})}}.dump(),
        table(list("image"), list(list("http://" + secret + "/x.png"))).dump()}) {
    const HttpResponse refused = ask("POST", "/score", body);
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_THAT(refused.body, Not(HasSubstr("Doe")));
  }
}

TEST_F(Scoring, ABodyThatMakesNoSenseIsRefused) {
  for (const char* body :
       {"", "{", "[]", "3", "null", R"({"input_data": null})", R"({"input_data": 3})", R"({"data": [["a"]]})",
        R"({"input_data": {"columns": ["image", "text"]}})", R"({"input_data": {"columns": [], "data": [[]]}})",
        R"({"input_data": {"columns": ["text", "text"], "data": [["a", "b"]]}})",
        R"({"input_data": {"columns": ["text"], "data": [["a", "b"]]}})",
        R"({"input_data": {"columns": ["text"], "data": [null]}})",
        R"({"input_data": {"columns": "text", "data": [["a"]]}})",
        R"({"input_data": {"columns": ["label"], "data": [["a"]]}})", R"({"input_data": {"data": ["a"]}})",
        R"({"input_data": {"columns": ["text"], "data": [["\ud800"]]}})",
        R"({"input_data": {"columns": ["text"], "data": [[1e999]]}})"}) {
    EXPECT_EQ(ask("POST", "/score", body).status, 400) << body;
  }
  EXPECT_THAT(score_refusal(400, std::string(100'000, '[')), HasSubstr("nested deeper"));
}

TEST_F(Scoring, LimitsAreToldBeforeAnythingIsComputed) {
  service_.limits.rows = 2;
  service_.limits.text_bytes = 10;
  EXPECT_THAT(score_refusal(413, table(list("text"), list(list("a"), list("b"), list("c"))).dump()),
              HasSubstr("more than 2 texts"));
  EXPECT_THAT(score_refusal(413, table(list("text"), list(list("a text that is long"))).dump()),
              HasSubstr("row 1: text: 19 bytes"));
  std::string many = R"({"input_data": {"data": [)";
  for (int i = 0; i < 20'000; ++i) many += "0,";
  EXPECT_THAT(score_refusal(413, many + "0]}}"), HasSubstr("JSON values"));
}

TEST_F(Scoring, AUrlIsRefusedUnlessItsHostIsAllowed) {
  const auto body = [](const std::string& url) { return table(list("image"), list(list(url))).dump(); };
  EXPECT_THAT(score_refusal(400, body("https://images.example.org/a.png")), HasSubstr("does not allow"));
  service_.allowed_url_hosts = {"images.example.org"};
  for (const char* url : {"https://other.example.org/a.png", "https://images.example.org@other.example.org/a.png",
                          "https://images.example.org.evil.org/", "http://images.example.org\\@evil.org/",
                          "https://evil.org/?images.example.org", "https://[::1]/a.png"}) {
    EXPECT_THAT(score_refusal(400, body(url)), HasSubstr("does not allow")) << url;
  }
  HttpRequest request;
  request.method = "POST";
  request.path = "/score";
  request.body = body("HTTPS://Images.Example.org:8443/a.png?x=1");
  const Match found = match(request);
  const RequestPlan plan = found.route->parse(service_, request, found.parameters);
  ASSERT_EQ(plan.work.images.size(), 1U);
  EXPECT_EQ(plan.work.images[0].url, "HTTPS://Images.Example.org:8443/a.png?x=1");
  EXPECT_EQ(plan.work.images[0].name, "row 1: image");
}

TEST_F(Scoring, OnlyJsonInUtf8IsRead) {
  const std::string body = table(list("text"), list(list(kText))).dump();
  for (const char* type : {"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"}) {
    EXPECT_EQ(ask("POST", "/score", body, {{"content-type", type}}).status, 200) << type;
  }
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"}) {
    EXPECT_EQ(ask("POST", "/score", body, {{"content-type", type}}).status, 415) << type;
  }
  // What a browser posts for the page of another origin without asking first.
  EXPECT_EQ(ask("POST", "/score", body, {}).status, 200);
  EXPECT_EQ(ask("POST", "/score", body, {{"origin", "https://page.example"}}).status, 415);
  EXPECT_EQ(
      ask("POST", "/score", body, {{"origin", "https://page.example"}, {"content-type", "application/json"}}).status,
      200);
}

TEST_F(Scoring, HealthyAndSwagger) {
  const HttpResponse healthy = ask("GET", "/");
  EXPECT_EQ(healthy.status, 200);
  EXPECT_EQ(healthy.body, "Healthy");
  EXPECT_EQ(good("GET", "/swagger.json")["swagger"], "2.0");
  EXPECT_EQ(good("GET", "/swagger.json?version=2")["swagger"], "2.0");
  EXPECT_EQ(good("GET", "/swagger.json?version=3")["openapi"], "3.0.3");
  EXPECT_EQ(ask("GET", "/swagger.json?version=4").status, 404);
}

TEST_F(Scoring, AModelThatIsNotReadyAsksToComeBack) {
  ServedModel loading;
  loading.name = "starter";
  loading.ready = false;
  serve(loading);
  const HttpResponse refused = ask("POST", "/score", table(list("text"), list(list(kText))).dump());
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(header(refused, "retry-after"), "1");
  for (const char* path : {"/", "/ping", "/health", "/health/ready", "/v2/health/ready", "/v2/models/starter/ready"}) {
    const HttpResponse loading_answer = ask("GET", path);
    EXPECT_EQ(loading_answer.status, 503) << path;
    EXPECT_EQ(loading_answer.outcome, "not_ready") << path;
  }
  EXPECT_EQ(ask("GET", "/health/live").status, 200);
}

class Classifiers : public Scoring {
 protected:
  static Json images(const std::vector<std::string>& names) {
    Json data = Json::array();
    for (const std::string& name : names) data.push_back(list(base64(name)));
    return table(list("image"), data);
  }
};

TEST_F(Classifiers, ZeroShotAnswersAllLabelsBestFirst) {
  const test::TemporaryFolder folder;
  for (const char* name : {"config.yaml", "model.safetensors"}) {
    std::filesystem::create_symlink(std::filesystem::path(test::starter_model()) / name, folder / name);
  }
  folder.write("config.json", R"({"labels": ["chest x-ray", "skin photo", "brain MRI"]})");
  serve(describe_model("starter", starter(), folder.path()));
  const Json rows = post("/score", images({"gray.png", "colour_a.jpg"}));
  ASSERT_EQ(rows.size(), 2U);
  const Classifier wanted(starter(), {"chest x-ray.", "skin photo.", "brain MRI."});
  const std::vector<LabelScore> scores = wanted.classify(image_vector("colour_a.jpg", Profile::kAzure));
  ASSERT_EQ(rows[1].size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rows[1][i]["label"].get<std::string>() + ".", scores[i].label);
    EXPECT_EQ(rows[1][i]["score"].get<double>(), scores[i].score);
  }
  EXPECT_THAT(score_refusal(400, table(list("image", "text"), list(list(base64(), kText))).dump()),
              HasSubstr("takes no texts"));
  Json body = images({"gray.png"});
  body["params"] = {{"provenance", true}};
  EXPECT_THAT(score_refusal(400, body.dump()), HasSubstr("no place"));
}

/// A toolkit's adapter of eight hidden numbers whose weights are zero: its logits are the last layer's bias.
void write_toolkit_weights(const std::filesystem::path& file, std::vector<float> logits) {
  adapter::AdapterDescription description;
  description.kind = adapter::AdapterKind::kMlp;
  description.in_channels = starter().dimensions();
  description.hidden_dim = 8;
  description.labels.resize(logits.size());
  std::vector<adapter::AdapterTensor> tensors = adapter::layout_of(description);
  for (adapter::AdapterTensor& tensor : tensors) {
    std::size_t count = 1;
    for (const std::int64_t extent : tensor.shape) count *= static_cast<std::size_t>(extent);
    tensor.values.assign(count, 0.0F);
  }
  tensors.back().values = std::move(logits);
  std::vector<ops::Parameter> rows;
  for (const adapter::AdapterTensor& each : tensors) {
    rows.push_back({each.name, tensor::Shape(std::span(each.shape)), tensor::DType::kF32, each.values.data(), {}});
  }
  weights::write_safetensors(file, rows, {});
}

TEST_F(Classifiers, AdapterAnswersWithTheSoftmaxOfItsLogits) {
  const test::TemporaryFolder folder;
  folder.write("adapter_model/config.json",
               fmt::format(R"({{"in_channels": {}, "hidden_dim": 8, "labels": ["a", "b"]}})", starter().dimensions()));
  write_toolkit_weights(folder / "adapter_model" / "model.safetensors", {0, std::log(3.0F)});
  std::filesystem::create_symlink(std::filesystem::path(test::starter_model()) / "config.yaml", folder / "config.yaml");
  std::filesystem::create_symlink(std::filesystem::path(test::starter_model()) / "model.safetensors",
                                  folder / "model.safetensors");
  serve(describe_model("starter", starter(), folder.path()));
  const Json row = post("/score", images({"gray.png"}))[0];
  EXPECT_EQ(row[0]["label"], "b");
  EXPECT_NEAR(row[0]["score"].get<double>(), 0.75, 1e-6);  // the adapter's logits are f32
  EXPECT_NEAR(row[1]["score"].get<double>(), 0.25, 1e-6);
  folder.write("adapter_model/config.json", R"({"in_channels": 7, "hidden_dim": 8, "labels": ["a"]})");
  EXPECT_THROW(describe_model("x", starter(), folder.path()), Error);
}

}  // namespace
}  // namespace mi2::protocols
