// What the hosted stack takes and other servers' clients send (docs/http.md), and files as they are.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "embedder/heatmap.hpp"
#include "protocols/multipart.hpp"
#include "support.hpp"
#include "support/deflated.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"

namespace mi2::protocols {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Json client_table(Json columns, Json data) { return {{"columns", std::move(columns)}, {"data", std::move(data)}}; }

class Clients : public Scoring {
 protected:
  Json score(const Json& input, Json params = nullptr) const {
    return post("/score", {{"input_data", input}, {"params", std::move(params)}});
  }
  Json invoke(const Json& body) const {
    return good("POST", "/invocations", body.dump(), {{"content-type", "application/json"}})["predictions"];
  }
  std::string message(int status, std::string_view path, const std::string& body, std::string_view type) const {
    const HttpResponse got = ask("POST", path, body, {{"content-type", std::string(type)}});
    EXPECT_EQ(got.status, status) << got.body.substr(0, 300);
    return got.body;
  }
};

TEST_F(Clients, ExtraColumnsArePassedOver) {
  const Json wanted = score(client_table(list("text"), list(list("x-ray chest"))));
  EXPECT_EQ(score(client_table(list("id", "text", "n", "n"), list(list(7, "x-ray chest", nullptr, list(1))))), wanted);
  EXPECT_EQ(score(list(Json{{"text", "x-ray chest"}, {"id", "7"}})), wanted);
  EXPECT_EQ(invoke({{"inputs", {{"text", "x-ray chest"}, {"id", list(1, 2, 3)}}}}), wanted);
  EXPECT_EQ(
      good("POST", "/invocations", "id,text,more\n7,x-ray chest,\n", {{"content-type", "text/csv"}})["predictions"],
      wanted);
  EXPECT_THAT(score_refusal(400, Json{{"input_data", client_table(list("id"), list(list(1)))}}.dump()),
              HasSubstr("columns"));
}

TEST_F(Clients, DataOfOneColumnMayBeFlat) {
  EXPECT_EQ(score(client_table(list("text"), list("x-ray chest", "brain MRI"))),
            score(client_table(list("text"), list(list("x-ray chest"), list("brain MRI")))));
  EXPECT_EQ(score(client_table(list("image"), list(base64()))),
            score(client_table(list("image"), list(list(base64())))));
  const std::string refused =
      score_refusal(400, Json{{"input_data", client_table(list("image", "text"), list("a"))}}.dump());
  EXPECT_THAT(refused,
              HasSubstr("row 1: expected a list of 2 values, one for each column, or an object, got a string"));
}

TEST_F(Clients, NumbersAndBooleansInAColumnOfTextsAreTheirText) {
  const auto same = [&](const Json& value, const char* text) {
    EXPECT_EQ(score(client_table(list("text"), list(list(value)))), score(client_table(list("text"), list(list(text)))))
        << text;
  };
  same(5, "5");
  same(-5, "-5");
  same(0.5, "0.5");
  same(5.0, "5.0");
  same(true, "True");
  same(false, "False");
  EXPECT_THAT(score_refusal(400, Json{{"input_data", client_table(list("image"), list(list(5)))}}.dump()),
              HasSubstr("row 1: image: expected a string of base64, got a number"));
}

TEST_F(Clients, ZeroMeansTheDefaultAndQualityEndsAtAHundred) {
  const Json rows = client_table(list("image"), list(list(base64())));
  const auto with = [&](const Json& size, const Json& quality) {
    return score(
        rows, {{"image_standardization_image_size", size}, {"image_standardization_jpeg_compression_ratio", quality}});
  };
  EXPECT_EQ(with(0, 0), score(rows));
  EXPECT_EQ(with("0", 0.0), score(rows));
  EXPECT_EQ(with(512, 101), with(512, 100));
  EXPECT_EQ(with(512, 2'000'000'000), with(512, 100));
  for (const Json& wrong : {Json(-1), Json(1.5), Json("-0"), Json("a"), Json(1e300), Json(true)}) {
    const Json body = {{"input_data", rows}, {"params", {{"image_standardization_jpeg_compression_ratio", wrong}}}};
    EXPECT_THAT(score_refusal(400, body.dump()), HasSubstr("a whole number from 0")) << wrong;
  }
}

TEST_F(Clients, NoRowsAreAnEmptyList) {
  EXPECT_EQ(score(client_table(list("text"), Json::array())), Json::array());
  EXPECT_EQ(score(Json::array()), Json::array());
  EXPECT_EQ(invoke({{"dataframe_records", Json::array()}}), Json::array());
  EXPECT_EQ(good("POST", "/invocations", "image,text\n", {{"content-type", "text/csv"}})["predictions"], Json::array());
}

TEST_F(Clients, SlashesAtTheStartAreOne) {
  const std::string body = Json{{"input_data", client_table(list("text"), list("a"))}}.dump();
  EXPECT_EQ(good("POST", "//score", body), good("POST", "/score", body));
  EXPECT_EQ(good("GET", "///v1/models")["object"], "list");
}

TEST_F(Clients, OptionsSaysWhatAPathAnswers) {
  const HttpResponse score = ask("OPTIONS", "/score");
  EXPECT_EQ(score.status, 200);
  EXPECT_EQ(header(score, "allow"), "POST, OPTIONS");
  EXPECT_EQ(header(ask("OPTIONS", "/"), "allow"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("OPTIONS", "*").status, 200);
  EXPECT_EQ(ask("OPTIONS", "/no").status, 404);
}

TEST_F(Clients, SwaggerHasThreeVersions) {
  EXPECT_EQ(good("GET", "/swagger.json?version=3.1")["openapi"], "3.1.0");
  EXPECT_EQ(good("GET", "/swagger.json?version=3")["openapi"], "3.0.3");
  EXPECT_EQ(ask("GET", "/swagger.json?version=3.2").status, 404);
}

TEST_F(Clients, KServesPathsMayNameTheVersion) {
  const std::string body = R"({"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":["a"]}]})";
  const std::string model = "/v2/models/starter";
  EXPECT_EQ(good("POST", model + "/versions/1/infer", body), good("POST", model + "/infer", body));
  EXPECT_EQ(good("GET", model + "/versions/1"), good("GET", model));
  EXPECT_EQ(good("GET", model + "/versions/1/ready"), good("GET", model + "/ready"));
  for (const char* path : {"/versions/2/infer", "/versions/01/infer"}) {
    EXPECT_EQ(ask("POST", model + path, body).status, 404);
  }
  EXPECT_EQ(ask("GET", model + "/versions/2").status, 404);
  EXPECT_EQ(ask("GET", model + "/versions").status, 404);
}

TEST_F(Clients, EmbeddingsRefuseNothingAndTokenIds) {
  EXPECT_THAT(message(400, "/v1/embeddings", R"({"input":["a",""]})", "application/json"),
              HasSubstr("input 2: is empty"));
  EXPECT_THAT(message(400, "/v1/embeddings", R"({"input":""})", "application/json"), HasSubstr("input 1: is empty"));
  for (const char* ids : {R"({"input":[15339,1917]})", R"({"input":[[15339,1917]]})", R"({"input":["a",[1]]})"}) {
    EXPECT_THAT(message(400, "/v1/embeddings", ids, "application/json"), HasSubstr("check_embedding_ctx_length=False"));
  }
}

TEST_F(Clients, DataUrisAreKnownInAnyCase) {
  const auto embed = [&](const std::string& prefix) { return post("/v1/embeddings", {{"input", prefix + base64()}}); };
  const Json wanted = embed("data:image/png;base64,");
  EXPECT_EQ(embed("DATA:image/png;base64,"), wanted);
  EXPECT_EQ(embed("Data:IMAGE/PNG;BASE64,"), wanted);
  EXPECT_EQ(embed("data:image/png;charset=x;Base64,"), wanted);
}

std::string gzipped(std::string_view text) { return test::deflated(text, test::kGzip); }

TEST_F(Clients, BodiesMayBeCompressed) {
  const std::string body = R"({"input":"a"})";
  for (const char* coding : {"gzip", "GZIP", "x-gzip", "deflate"}) {
    EXPECT_EQ(good("POST", "/v1/embeddings", gzipped(body), {{"content-encoding", coding}}),
              good("POST", "/v1/embeddings", body));
  }
  EXPECT_EQ(ask("POST", "/v1/embeddings", body, {{"content-encoding", "identity"}}).status, 200);
  for (const char* coding : {"br", "zstd", "gzip, gzip", "compress"}) {
    const HttpResponse refused = ask("POST", "/v1/embeddings", body, {{"content-encoding", coding}});
    EXPECT_EQ(refused.status, 415);
    EXPECT_EQ(header(refused, "accept-encoding"), "gzip, deflate");
    EXPECT_THAT(refused.body, HasSubstr("content-encoding: expected gzip, deflate or identity"));
  }
  EXPECT_EQ(ask("POST", "/v1/embeddings", body, {{"content-encoding", "gzip"}}).status, 400);
  service_.max_body_bytes = 100'000;
  const std::string bomb = gzipped(R"({"input":")" + std::string(10'000'000, 'a') + "\"}");
  EXPECT_EQ(ask("POST", "/v1/embeddings", bomb, {{"content-encoding", "gzip"}}).status, 413);
}

constexpr std::string_view kForm = "multipart/form-data; boundary=\"b 1\"";

/// A form's part.
std::string part(std::string_view disposition, std::string_view content) {
  return fmt::format("--b 1\r\nContent-Disposition: form-data; {}\r\nContent-Type: text/plain\r\n\r\n{}\r\n",
                     disposition, content);
}

TEST_F(Clients, AFormOfFilesAndTextsIsEmbedded) {
  const std::string form = "preamble\r\n" + part(R"(name="file"; filename="a;\"b.png")", picture()) +
                           part("name=text", "a text\r\n--b 2") + part(R"(filename=b; NAME="image")", picture()) +
                           "--b 1--\r\nepilogue";
  const Json got = good("POST", "/v1/embed", form, {{"content-type", std::string(kForm)}});
  const Json wanted = post("/encode", {{"images", list(base64(), base64())}, {"texts", list("a text\r\n--b 2")}});
  EXPECT_EQ(got, wanted);
  EXPECT_EQ(post("/v1/embed", {{"images", list(base64(), base64())}, {"texts", list("a text\r\n--b 2")}}), wanted);
}

TEST_F(Clients, AFileIsEmbeddedAsItIs) {
  const Json wanted = post("/encode", {{"images", list(base64())}});
  for (const char* type : {"image/png", "application/octet-stream", "application/dicom", "image/anything",
                           "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(good("POST", "/v1/embed", picture(), {{"content-type", type}}), wanted);
  }
  EXPECT_THAT(message(422, "/v1/embed", "no image", "image/png"), HasSubstr("image 1: not an image of a format"));
  EXPECT_THAT(message(400, "/v1/embed", "", "image/png"), HasSubstr("image 1: is empty"));
  EXPECT_EQ(ask("POST", "/v1/embed", "x", {{"content-type", "video/mp4"}}).status, 415);
}

TEST_F(Clients, AFileIsClassifiedAsItIs) {
  const Json wanted = post("/predict", {{"images", list(base64())}, {"labels", list("x-ray", "skin, photo")}});
  EXPECT_EQ(
      good("POST", "/predict?labels=%5B%22x-ray%22,%22skin,%20photo%22%5D", picture(), {{"content-type", "image/png"}}),
      wanted);
  const std::string form = part("name=labels", R"(["x-ray", "skin, photo"])") + part("name=image", picture());
  EXPECT_EQ(good("POST", "/predict", form + "--b 1--", {{"content-type", std::string(kForm)}}), wanted);
  const Json both = post("/predict", {{"images", list(base64())}, {"labels", list("a", "b")}, {"multilabel", true}});
  const std::string flags = part("name=labels", " a, b ") + part("name=multilabel", "True");
  EXPECT_EQ(good("POST", "/predict", part("name=image", picture()) + flags + "--b 1--",
                 {{"content-type", std::string(kForm)}}),
            both);
  EXPECT_THAT(message(400, "/predict", picture(), "image/png"), HasSubstr("label"));
}

TEST_F(Clients, AFormsParametersChooseProfileAndFrame) {
  const std::string form = part("name=file", picture()) + part("name=params", R"({"profile": "azure"})") + "--b 1--";
  const Json got = good("POST", "/v1/embed", form, {{"content-type", std::string(kForm)}});
  EXPECT_EQ(numbers(got["image_embeddings"][0]), image_vector("gray.png", Profile::kAzure));
}

TEST_F(Clients, AFormThatIsNotWholeIsRefused) {
  const std::string whole = part("name=text", "a") + part("name=text", "") + "--b 1--";
  EXPECT_EQ(ask("POST", "/v1/embed", whole, {{"content-type", std::string(kForm)}}).status, 200);
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    EXPECT_EQ(ask("POST", "/v1/embed", whole.substr(0, size), {{"content-type", std::string(kForm)}}).status, 400);
  }
  for (const std::string& wrong : {part("name=other", "a"), part("filename=a", "a"), part("name=\"text", "a"),
                                   part("name=text", "\xE9"), part("name=labels", "a") + part("name=labels", "b"),
                                   std::string("--b 1\r\n\r\na\r\n"), part("name=params", "{")}) {
    EXPECT_EQ(ask("POST", "/v1/embed", wrong + "--b 1--", {{"content-type", std::string(kForm)}}).status, 400) << wrong;
  }
  for (const char* type :
       {"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"b"}) {
    EXPECT_EQ(ask("POST", "/v1/embed", whole, {{"content-type", type}}).status, 400) << type;
  }
  service_.limits.rows = 1;
  std::string many;
  for (int i = 0; i < 6; ++i) many += part("name=text", "a");
  EXPECT_EQ(ask("POST", "/v1/embed", many + "--b 1--", {{"content-type", std::string(kForm)}}).status, 413);
}

TEST(Related, PartsNeedNoNameAndTheirTypeIsNamed) {
  constexpr std::string_view kObject = "application/dicom";
  constexpr std::string_view kType = "Multipart/Related; Type=\"application/DICOM\"; boundary=b";
  const std::string whole = "--b\r\nContent-Type: application/dicom\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--c\r\n--b--";
  const std::vector<Part> parts = parse_related(whole, kType, kObject, 2);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].body, "one");
  EXPECT_EQ(parts[1].body, "two\r\n--c");
  EXPECT_EQ(parts[0].name + parts[1].name, "");
  // A line end that is not the boundary's is the part's.
  EXPECT_EQ(parse_related("--b\r\n\r\none\r\n\r\n--b--", kType, kObject, 2).at(0).body, "one\r\n");
  test::expect_error(Code::kTooLarge, {"more than 1"},
                     [&] { static_cast<void>(parse_related(whole, kType, kObject, 1)); });
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    EXPECT_THROW(static_cast<void>(parse_related(whole.substr(0, size), kType, kObject, 9)), Error) << size;
  }
  for (const char* type :
       {"multipart/form-data; type=\"application/dicom\"; boundary=b", "multipart/related; boundary=b",
        "multipart/related; type=\"application/dicom+xml\"; boundary=b", ""}) {
    test::expect_error(Code::kUnsupported, {"multipart/related"},
                       [&] { static_cast<void>(parse_related(whole, type, kObject, 9)); });
  }
  test::expect_error(Code::kBadArgument, {"boundary"}, [&] {
    static_cast<void>(parse_related(whole, "multipart/related; type=application/dicom", kObject, 9));
  });
}

TEST_F(Clients, TextEmbeddingsInferencesRouteAnswersABareList) {
  const Json got =
      post("/embed", {{"inputs", list("a", "data:image/png;base64," + base64(), "b")}, {"truncate", true}});
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(numbers(got[0]), text_vector("a"));
  EXPECT_EQ(numbers(got[1]), image_vector("gray.png", Profile::kRaw));
  EXPECT_EQ(post("/embed", {{"inputs", "b"}})[0], got[2]);
  for (const char* body : {R"({"inputs": []})", R"({"inputs": ""})", R"({})", R"({"inputs": "a", "normalize": false})",
                           R"({"inputs": "a", "prompt_name": "query"})", R"({"inputs": [1]})"}) {
    EXPECT_THAT(message(400, "/embed", body, "application/json"), StartsWith(R"({"error":)")) << body;
  }
}

TEST_F(Clients, TextEmbeddingsInferencesTextsAreCutAtTheirEndUnlessTheyMustNotBe) {
  std::string text = "a";
  for (int i = 0; i < 200; ++i) text += " long report";
  const Json cut = post("/embed", {{"inputs", text}});
  for (const char* direction : {"right", "Right", "RIGHT"}) {
    EXPECT_EQ(post("/embed", {{"inputs", text}, {"truncate", true}, {"truncation_direction", direction}}), cut);
  }
  EXPECT_EQ(post("/embed", {{"inputs", text}, {"truncate", nullptr}, {"truncation_direction", nullptr}}), cut);
  EXPECT_EQ(post("/embed", {{"inputs", "a"}, {"truncate", false}}), post("/embed", {{"inputs", "a"}}));
  const Json whole = {{"inputs", list("a", text)}, {"truncate", false}};
  EXPECT_THAT(message(413, "/embed", whole.dump(), "application/json"), HasSubstr("input 2: has more tokens"));
  for (const char* wrong :
       {R"("truncation_direction": "left")", R"("truncation_direction": 1)", R"("truncate": "no")"}) {
    EXPECT_EQ(ask("POST", "/embed", fmt::format(R"({{"inputs": "a", {}}})", wrong)).status, 400) << wrong;
  }
}

TEST_F(Clients, AHeatmapHasAMapForEachTextAndQueryImage) {
  const Json body = {{"image", base64("colour_a.jpg")}, {"texts", list("a", kText)}, {"query_image", base64()}};
  const Json got = post("/v1/heatmap", body);
  const std::string bytes = picture("colour_a.jpg");
  const Pixels pixels = starter().prepare(std::as_bytes(std::span(bytes)), "image");
  const embedder::Patches patches = embedder::patches_of(starter(), pixels);
  EXPECT_EQ(got["picture"], list(pixels.source_width, pixels.source_height));
  const std::vector<std::pair<std::string, test::Embedding>> queries{
      {"text 1", text_vector("a")},
      {"text 2", text_vector(kText)},
      {"image 1", image_vector("gray.png", Profile::kRaw)}};
  ASSERT_EQ(got["maps"].size(), queries.size());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const embedder::Heatmap wanted = embedder::heatmap(patches, queries[i].second);
    const Json& map = got["maps"][i];
    EXPECT_EQ(map["query"], queries[i].first);
    test::Embedding cosines;
    for (const Json& row : map["cosines"]) {
      EXPECT_EQ(row.size(), got["cols"].get<std::size_t>());
      for (const float cosine : numbers(row)) cosines.push_back(cosine);
    }
    EXPECT_EQ(cosines, wanted.cosines);
    EXPECT_EQ(map["whole"].get<float>(), wanted.whole);
  }
  EXPECT_THAT(message(400, "/v1/heatmap", R"({"text": "a"})", "application/json"), HasSubstr("image"));
  EXPECT_THAT(message(400, "/v1/heatmap", picture(), "image/png"), HasSubstr("expected something to look for"));
}

}  // namespace
}  // namespace mi2::protocols
