#include "models/inspect.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/full_config.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "weights/packed_file.hpp"
#include "weights/safetensors.hpp"
#include "weights/samples.hpp"

namespace mi2::models {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class InspectTest : public ::testing::Test {
 protected:
  /// A model folder with these weights.
  void write(const std::vector<ops::Parameter>& tensors) {
    folder_.write("config.yaml", test::kSmallConfig);
    test::write_any(folder_ / "model.safetensors", tensors, {{"format", "pt"}});
  }

  test::TemporaryFolder folder_;
};

TEST_F(InspectTest, DescribesAModelThatLoads) {
  write(test::small_weights());
  const Json report = Json::parse(inspect_json(folder_.path()));
  EXPECT_EQ(report["kind"], "model");
  EXPECT_EQ(report["loads"], true);
  EXPECT_TRUE(report["problems"].empty());
  EXPECT_EQ(report["config"]["image"]["dims"], (std::vector<int>{4, 8}));
  EXPECT_EQ(report["config"]["projection"], 6);
  EXPECT_EQ(report["weights"]["naming"], "current");
  EXPECT_EQ(report["weights"]["sha256"].get<std::string>().size(), 64U);
  EXPECT_EQ(report["weights"]["metadata"]["format"], "pt");
  EXPECT_EQ(report["tensor_count"], report["tensors"].size());
  EXPECT_EQ(report["dtypes"]["F32"], report["tensors"].size());
  EXPECT_EQ(report["tensors"][0]["name"], "logit_scale");
  const Json& tensors = report["tensors"];
  const auto projection =
      std::ranges::find_if(tensors, [](const Json& tensor) { return tensor["name"] == "image_projection"; });
  ASSERT_NE(projection, tensors.end());
  EXPECT_EQ((*projection)["shape"], (std::vector<int>{8, 6}));
  const Json& counts = report["parameters"];
  EXPECT_EQ(counts["total"].get<int>(), counts["image"].get<int>() + counts["text"].get<int>() + 1 + 8 * 6 + 2 * 6);
  EXPECT_TRUE(report["tokenizer"].is_null());
  EXPECT_THAT(inspect_text(folder_.path()), HasSubstr("loads        yes"));
}

TEST_F(InspectTest, NamesTensorsThatAreNotFinite) {
  std::vector<ops::Parameter> tensors = test::small_weights();
  for (ops::Parameter& tensor : tensors) {
    if (tensor.name != "image_projection") continue;
    std::vector<float> values = tensor.to_floats();
    values.back() = std::numeric_limits<float>::infinity();
    tensor = test::make_parameter(tensor.name, tensor.shape, values);
  }
  write(tensors);
  const Json report = Json::parse(inspect_json(folder_.path()));
  EXPECT_EQ(report["loads"], false);
  EXPECT_THAT(report["problems"].get<std::vector<std::string>>(),
              ::testing::ElementsAre(HasSubstr("'image_projection' holds a NaN or an infinity")));
}

TEST_F(InspectTest, AcceptsAScaleOfOneElement) {
  std::vector<ops::Parameter> tensors = test::small_weights();
  for (ops::Parameter& tensor : tensors) {
    if (tensor.name == "logit_scale") tensor.shape = tensor::Shape{1};
  }
  write(tensors);
  EXPECT_EQ(Json::parse(inspect_json(folder_.path()))["loads"], true);
}

TEST_F(InspectTest, SaysWhatStandsInTheWayOfLoading) {
  std::vector<ops::Parameter> tensors = test::small_weights();
  for (ops::Parameter& tensor : tensors) {
    if (tensor.name == "logit_scale") tensor.name = "logit_scales";
    if (tensor.name == "image_projection") tensor.shape = tensor::Shape{6, 8};
  }
  write(tensors);
  const Json report = Json::parse(inspect_json(folder_.path()));
  EXPECT_EQ(report["loads"], false);
  const auto problems = report["problems"].get<std::vector<std::string>>();
  EXPECT_THAT(problems, ::testing::ElementsAre(HasSubstr("'logit_scale' is missing"),
                                               HasSubstr("'image_projection' has shape [6, 8], expected [8, 6]"),
                                               HasSubstr("'logit_scales' is not the model's")));
  EXPECT_THAT(inspect_text(folder_.path()), HasSubstr("loads        no, 3 problems"));
}

TEST_F(InspectTest, AcceptsOlderNamesAndPositionsOfAnotherLength) {
  std::vector<ops::Parameter> tensors = test::small_weights(test::older_name);
  for (ops::Parameter& tensor : tensors) {
    if (tensor.name == "text.positional_embedding") {
      tensor = test::make_parameter(tensor.name, {3, 2}, std::vector<float>(6));
    }
  }
  write(tensors);
  const Json report = Json::parse(inspect_json(folder_.path()));
  EXPECT_EQ(report["loads"], true) << report["problems"];
  EXPECT_EQ(report["weights"]["naming"], "older");
  EXPECT_GT(report["parameters"]["image"], 0);
}

TEST_F(InspectTest, ReportsMixedNamesWithoutFailing) {
  write({test::make_parameter("image_projection", {1}, {1}), test::make_parameter("text_projection", {1}, {1})});
  const Json report = Json::parse(inspect_json(folder_.path()));
  EXPECT_EQ(report["loads"], false);
  EXPECT_EQ(report["weights"]["naming"], "mixed");
}

TEST_F(InspectTest, DescribesOneFile) {
  write(test::small_weights());
  EXPECT_EQ(Json::parse(inspect_json(folder_ / "config.yaml"))["kind"], "config");
  const Json weights = Json::parse(inspect_json(folder_ / "model.safetensors"));
  EXPECT_EQ(weights["kind"], "weights");
  EXPECT_FALSE(weights.contains("loads"));
  EXPECT_THAT(inspect_text(folder_ / "config.yaml"), HasSubstr("image tower"));
}

TEST_F(InspectTest, DescribesAPackedFileAndItsDamage) {
  base::ThreadPool pool(1);
  const auto memory = tensor::Tensor({16});
  std::ranges::fill(memory.floats(), 1.5F);
  base::AtomicFile file(folder_ / "m.mi2");
  weights::write_packed(file, {ops::kLayoutVersion, "int8", test::kSmallConfig, std::string(64, 'b'), "{}", "x"},
                        std::vector<weights::NamedBlock>{{"norm", {{"norm [16]", 64}, memory.block()}}}, pool);
  file.commit();
  const Json report = Json::parse(inspect_json(folder_ / "m.mi2"));
  EXPECT_EQ(report["kind"], "packed");
  EXPECT_EQ(report["loads"], true);
  EXPECT_EQ(report["packed"]["dtype"], "int8");
  EXPECT_EQ(report["packed"]["layout"], ops::kLayoutVersion);
  EXPECT_EQ(report["packed"]["blocks"], 1);
  EXPECT_EQ(report["packed"]["weights_sha256"], std::string(64, 'b'));
  EXPECT_EQ(report["packed"]["own_tokenizer"], true);
  EXPECT_EQ(report["config"]["projection"], 6);
  EXPECT_THAT(inspect_text(folder_ / "m.mi2"), HasSubstr("loads        yes"));
  // Its hash is that of the weights it was made from.
  const Published published{.config = test::kSmallConfig, .sha256 = std::string(64, 'b')};
  EXPECT_EQ(Json::parse(inspect_json(folder_ / "m.mi2", published))["published"], true);

  std::string bytes = test::read_back(folder_ / "m.mi2");
  bytes.back() = static_cast<char>(bytes.back() ^ 4);
  const auto damaged = folder_.write("damaged", bytes);
  EXPECT_EQ(Json::parse(inspect_json(damaged))["loads"], false);
  EXPECT_THAT(inspect_text(damaged), HasSubstr("is damaged: the checksum of block 'norm'"));
}

TEST_F(InspectTest, SaysWhetherItIsThePublishedModel) {
  write(test::small_weights());
  Json report = Json::parse(inspect_json(folder_.path()));
  EXPECT_EQ(report["published"], false);
  EXPECT_THAT(report["differs"].get<std::string>(), HasSubstr("published 480"));
  EXPECT_THAT(inspect_text(folder_.path()), HasSubstr("published    no, another model"));
  // The published configuration with other weights is not the published model either.
  folder_.write("config.yaml", std::string(kFullConfig));
  report = Json::parse(inspect_json(folder_.path()));
  EXPECT_EQ(report["published"], false);
  EXPECT_FALSE(report.contains("differs"));
  EXPECT_THAT(report["advice"].get<std::string>(), HasSubstr("of two models"));
  EXPECT_THAT(inspect_text(folder_.path()), HasSubstr("weights that do not fit"));
}

TEST_F(InspectTest, TellsThePublishedModelFromOneOfItsShapeByTheHash) {
  write(test::small_weights());
  const std::string sha256 = Json::parse(inspect_json(folder_.path()))["weights"]["sha256"];
  const auto text = [&](const std::string& given) {
    return inspect_text(folder_.path(), {.config = test::kSmallConfig, .sha256 = given});
  };
  const auto json = [&](const std::string& given) {
    return Json::parse(inspect_json(folder_.path(), {.config = test::kSmallConfig, .sha256 = given}));
  };
  EXPECT_THAT(text(""),
              HasSubstr("published    shaped as MedImageInsight 1.0.0: configuration, names and shapes of all "
                        "tensors; compare sha256 with the publisher's"));
  EXPECT_EQ(json("")["published"], true);
  EXPECT_FALSE(json("").contains("sha256_matches"));
  EXPECT_THAT(text(sha256), HasSubstr("published    yes, shaped as MedImageInsight 1.0.0"));
  EXPECT_EQ(json(sha256)["published"], true);
  EXPECT_EQ(json(sha256)["sha256_matches"], true);
  const std::string other(64, 'b');
  EXPECT_THAT(text(other), HasSubstr("published    no, shaped as MedImageInsight 1.0.0"));
  EXPECT_THAT(text(other), HasSubstr("but other weights than those of the sha256 that was given"));
  EXPECT_EQ(json(other)["published"], false);
  EXPECT_EQ(json(other)["sha256_matches"], false);
  EXPECT_FALSE(json(other).contains("differs"));
}

TEST_F(InspectTest, ComparesAGivenHashWithWhateverHasWeights) {
  write(test::small_weights());
  const std::string sha256 = Json::parse(inspect_json(folder_.path()))["weights"]["sha256"];
  Json report = Json::parse(inspect_json(folder_.path(), {.sha256 = sha256}));
  EXPECT_EQ(report["published"], false) << "the configuration beside them is another one";
  EXPECT_EQ(report["sha256_matches"], true);
  const auto alone = folder_ / "model.safetensors";
  report = Json::parse(inspect_json(alone, {.sha256 = std::string(64, 'b')}));
  EXPECT_FALSE(report.contains("published"));
  EXPECT_EQ(report["sha256_matches"], false);
  EXPECT_THAT(inspect_text(alone, {.sha256 = sha256}), HasSubstr("compared     sha256 is the one that was given"));
  EXPECT_THAT(inspect_text(alone, {.sha256 = std::string(64, 'b')}), HasSubstr("is not the one that was given"));
}

TEST_F(InspectTest, SaysWhatToDoAboutWhatADownloadLeft) {
  folder_.write("config.yaml", std::string(test::kSmallConfig));
  const auto advice = [&](const std::string& content) {
    folder_.write("model.safetensors", content);
    const Json report = Json::parse(inspect_json(folder_.path()));
    EXPECT_EQ(report["loads"], false);
    EXPECT_EQ(report["kind"], "model");
    EXPECT_THAT(inspect_text(folder_.path()), HasSubstr("loads        no"));
    return report.value("advice", std::string());
  };
  EXPECT_THAT(advice("PK\x03\x04" + std::string(60, 'x')), HasSubstr("weights_only=True"));
  EXPECT_THAT(advice("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), HasSubstr("download"));
  EXPECT_THAT(advice("<!DOCTYPE html><html></html>"), HasSubstr("download"));
  EXPECT_THAT(advice(std::string("\x00\x01\x00\x00\x00\x00\x00\x00{", 9)), HasSubstr("cut"));
}

TEST_F(InspectTest, RefusesWhatCannotBeRead) {
  test::expect_error(Code::kNotFound, {"absent"}, [&] { inspect_text(folder_ / "absent"); });
  test::expect_error(Code::kBadFile, {"x.bin"}, [&] { inspect_json(folder_.write("x.bin", "not tensors")); });
}

}  // namespace
}  // namespace mi2::models
