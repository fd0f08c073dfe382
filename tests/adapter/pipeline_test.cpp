// Adapters that are classifiers of scikit-learn: their shapes, their files, and what is refused. That their scores are
// scikit-learn's is tested from Python (cli/test_adapter_import.py).

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "adapter/adapter.hpp"
#include "adapter/adapter_json.hpp"
#include "adapter/pair_coupling.hpp"
#include "adapter/pipeline.hpp"
#include "adapter/sklearn_json.hpp"
#include "support/expect_error.hpp"
#include "support/matrix.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::adapter {
namespace {

using Json = nlohmann::json;
using test::expect_error;
using test::TemporaryFolder;

/// Two inputs, scaled; one hidden layer of two; two labels.
constexpr const char* kNetwork = R"({"format": "scikit-learn", "steps": [
  {"type": "StandardScaler", "with_mean": true, "with_std": true, "mean_": [1, 2], "scale_": [2, 4]},
  {"type": "MLPClassifier", "classes_": ["no", "yes"], "activation": "relu", "out_activation_": "logistic",
   "coefs_": [[[1, -1], [0, 2]], [[3], [1]]], "intercepts_": [[0, 0.5], [-1]]}],
  "operating_points": {"yes": {"youden_j": 0.5, "sens90": 0.25}}})";

/// Two inputs; three labels with one support vector each.
constexpr const char* kMachine = R"({"format": "scikit-learn", "steps": [
  {"type": "SVC", "classes_": [0, 1, 2], "kernel": "rbf", "_gamma": 0.5, "support_vectors_": [[0, 0], [1, 0], [0, 1]],
   "n_support_": [1, 1, 1], "dual_coef_": [[1, -1, -1], [1, 1, -1]], "intercept_": [0.1, 0.2, 0.3],
   "probA_": [-1, -1.5, -2], "probB_": [0, 0.1, 0.2]}]})";

Adapter parsed(const std::string& json) { return parse_sklearn(json, "head.json").value(); }

TEST(Pipeline, NetworkIsScalesLayersAndTheSigmoidOfTwoClasses) {
  // (3 - 1) / 2 = 1 and (6 - 2) / 4 = 1; hidden max(0, 1), max(0, -1 + 2 + 0.5); 3 + 1.5 - 1.
  const std::vector<double> found = parsed(kNetwork).probabilities(test::Embedding{3, 6});
  EXPECT_NEAR(found[1], 1 / (1 + std::exp(-3.5)), 1e-15);
  EXPECT_NEAR(found[0] + found[1], 1, 1e-15);
  EXPECT_THAT(parsed(kNetwork).features(test::Embedding{3, 6}), ::testing::ElementsAre(1.0F, 1.5F));
}

TEST(Pipeline, SurvivesItsFiles) {
  const TemporaryFolder folder;
  for (const char* json : {kNetwork, kMachine}) {
    const Adapter adapter = parsed(json);
    adapter.save(folder / "h");
    const Adapter again = Adapter::open(folder / "h");
    EXPECT_EQ(again.probabilities(test::Embedding{0.25, 0.5}), adapter.probabilities(test::Embedding{0.25, 0.5}));
    EXPECT_EQ(again.labels(), adapter.labels());
    EXPECT_EQ(again.data_sha256(), adapter.data_sha256());
  }
}

TEST(Pipeline, OperatingPointsKeepTheirThresholdsAndNoFiguresOfUnknownRows) {
  const TemporaryFolder folder;
  parsed(kNetwork).save(folder / "h");
  const std::vector<Thresholds> points = Adapter::open(folder / "h").description().operating_points;
  ASSERT_EQ(points.size(), 2U);
  EXPECT_FALSE(points[0].youden);
  EXPECT_EQ(points[1].youden.value().threshold, 0.5);
  EXPECT_TRUE(std::isnan(points[1].sensitive.value().sensitivity));
}

TEST(Pipeline, HasNoLogitsAndAMachineNoFeatures) {
  expect_error(Code::kUnsupported, {"no logits"}, [] {
    static_cast<void>(parsed(kNetwork).logits(test::Embedding{1, 2}));
  });
  EXPECT_EQ(parsed(kMachine).feature_dimensions(), 0U);
  expect_error(Code::kUnsupported, {"no features"}, [] {
    static_cast<void>(parsed(kMachine).features(test::Embedding{1, 2}));
  });
  expect_error(Code::kBadArgument, {"3 numbers", "takes 2"}, [] {
    static_cast<void>(parsed(kMachine).classify(test::Embedding{1, 2, 3}));
  });
}

TEST(Pipeline, NumbersThatOverflowAreRefusedNotWritten) {
  std::string json = kNetwork;
  json.replace(json.find("[[[1, -1]"), 9, "[[[1e308, 1e308]");
  json.replace(json.find("[[3], [1]]"), 10, "[[1e308], [-1e308]]");
  expect_error(Code::kBadArgument, {"not finite"}, [&] {
    static_cast<void>(parsed(json).probabilities(test::Embedding{30, 6}));
  });
}

TEST(Pipeline, AnotherFormatIsNotTaken) {
  EXPECT_FALSE(parse_sklearn(R"({"in_channels": 4})", "h"));
  EXPECT_FALSE(parse_sklearn("[1]", "h"));
  expect_error(Code::kBadFile, {"h", "not valid JSON"}, [] { static_cast<void>(parse_sklearn("{", "h")); });
}

TEST(Pipeline, EachDamagedKeyOfItsHeadIsNamed) {
  const auto refused = [](const char* pipeline, const std::string& words, const std::function<void(Json&)>& spoil) {
    SCOPED_TRACE(words);
    const TemporaryFolder folder;
    parsed(pipeline).save(folder / "h");
    Json json = Json::parse(test::read_back(folder / "h.json"));
    spoil(json);
    folder.write("h.json", json.dump());
    expect_error(Code::kBadFile, {words}, [&] { static_cast<void>(Adapter::open(folder / "h")); });
  };
  refused(kNetwork, "pipeline: belongs to", [](Json& j) { j.erase("pipeline"); });
  refused(kNetwork, "pipeline: belongs to", [](Json& j) { j["kind"] = "linear"; });
  refused(kNetwork, "temperature: of a pipeline it is 1", [](Json& j) { j["temperature"] = 2; });
  refused(kNetwork, "pipeline.activation: is a word", [](Json& j) { j["pipeline"]["activation"] = "gelu"; });
  refused(kNetwork, "hidden: expected widths", [](Json& j) { j["pipeline"]["hidden"] = {0}; });
  refused(kNetwork, "more numbers than", [](Json& j) { j["pipeline"]["hidden"] = {65536, 65536}; });
  refused(kNetwork, "scalers: expected 0 to 8", [](Json& j) { j["pipeline"]["scalers"] = 9; });
  refused(kNetwork, "expected a network or a machine", [](Json& j) { j["pipeline"].erase("hidden"); });
  refused(kNetwork, "'layers.0.weight': expected shape [3, 2]", [](Json& j) { j["pipeline"]["hidden"] = {3}; });
  refused(kNetwork, "no labels", [](Json& j) {
    j["labels"] = Json::array();
    j["operating_points"] = Json::array();
  });
  refused(kMachine, "pipeline.support", [](Json& j) { j["pipeline"]["support"] = {0.5, 1, 1}; });
  refused(kMachine, "no support vector", [](Json& j) { j["pipeline"]["support"] = {0, 0, 0}; });
  refused(kMachine, "'svm.vectors': expected shape [4, 2]", [](Json& j) { j["pipeline"]["support"] = {2, 1, 1}; });
  refused(kMachine, "gamma: expected", [](Json& j) { j["pipeline"]["gamma"] = -1; });
}

TEST(Pipeline, WeightsOfLessPrecisionAreRefused) {
  AdapterDescription description = parsed(kNetwork).description();
  std::vector<AdapterTensor> tensors = pipeline_layout(description);
  for (AdapterTensor& tensor : tensors) {
    std::size_t count = 1;
    for (const std::int64_t extent : tensor.shape) count *= static_cast<std::size_t>(extent);
    tensor.values.assign(count, 1.0F);
  }
  expect_error(Code::kBadArgument, {"'scalers.0.mean'"}, [&] { Adapter(description, tensors); });
}

TEST(PairCoupling, PairsThatAgreeGiveTheirProbabilities) {
  // r[i][j] = p[i] / (p[i] + p[j]) of p = 0.5, 0.3, 0.2 is met exactly; the search ends where libsvm's does.
  const std::vector<double> p{0.5, 0.3, 0.2};
  std::vector<double> pairs(9);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) pairs[i * 3 + j] = i == j ? 0 : p[i] / (p[i] + p[j]);
  }
  const std::vector<double> found = couple(pairs, 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(found[i], p[i], 0.01);
}

TEST(PairCoupling, ProbabilitiesOfAPairStayInsideOfZeroAndOne) {
  EXPECT_EQ(pair_probability(1e300, -1e300, 0), 1 - 1e-7);
  EXPECT_EQ(pair_probability(1e300, 1e300, 0), 1e-7);
  EXPECT_NEAR(pair_probability(2, -0.5, 1), 0.5, 1e-15);
}

}  // namespace
}  // namespace mi2::adapter
