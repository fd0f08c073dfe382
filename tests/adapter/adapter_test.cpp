// Adapters: their files, their refusals and what they answer.

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "adapter/adapter.hpp"
#include "adapter/adapter_files.hpp"
#include "adapter/adapter_json.hpp"
#include "adapter/zero_shot_baseline.hpp"
#include "support/expect_error.hpp"
#include "support/matrix.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::adapter {
namespace {

using Json = nlohmann::json;
using test::expect_error;
using test::TemporaryFolder;

AdapterDescription linear_description() {
  AdapterDescription description;
  description.in_channels = 3;
  description.labels = {"no", "yes"};
  description.temperature = 2;
  description.operating_points = {{}, {evaluation::OperatingPoint{0.25, 0.9, 0.8}, std::nullopt}};
  description.embeddings = Provenance{"1", "abc", "raw", "f32"};
  description.training = {{"c", 1.0}};
  description.evaluated_on = "test";
  description.metrics = {{"accuracy", 0.5}};
  return description;
}

std::vector<AdapterTensor> linear_tensors() {
  return {{"weight", {2, 3}, {1, 0, -1, 0.5, 2, 0}}, {"bias", {2}, {0.25, -1}}};
}

Adapter linear_adapter() { return {linear_description(), linear_tensors()}; }

TEST(Adapter, LinearLogitsAreWeightTimesEmbeddingPlusBias) {
  EXPECT_THAT(linear_adapter().logits(test::Embedding{1, 2, 3}), ::testing::ElementsAre(1 - 3 + 0.25, 0.5 + 4 - 1));
}

TEST(Adapter, ClassifyIsTheSoftmaxAtTheTemperatureBestFirst) {
  const std::vector<LabelScore> scores = linear_adapter().classify(test::Embedding{1, 2, 3});
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].label, "yes");
  EXPECT_NEAR(scores[0].score, 1 / (1 + std::exp((-1.75 - 3.5) / 2)), 1e-12);
  EXPECT_NEAR(scores[0].score + scores[1].score, 1, 1e-12);
}

TEST(Adapter, AnEmbeddingOfAnotherLengthIsRefused) {
  expect_error(Code::kBadArgument, {"2 numbers", "takes 3"}, [] {
    static_cast<void>(linear_adapter().classify(test::Embedding{1, 2}));
  });
}

TEST(Adapter, SurvivesItsFiles) {
  const TemporaryFolder folder;
  const Adapter adapter = linear_adapter();
  adapter.save(folder / "h");
  for (const char* name : {"h", "h.json", "h.safetensors"}) {
    const Adapter again = Adapter::open(folder / name);
    EXPECT_EQ(again.logits(test::Embedding{1, 2, 3}), adapter.logits(test::Embedding{1, 2, 3}));
    const AdapterDescription& found = again.description();
    EXPECT_EQ(found.labels, adapter.labels());
    EXPECT_EQ(found.temperature, 2);
    ASSERT_EQ(found.operating_points.size(), 2U);
    EXPECT_FALSE(found.operating_points[0].youden);
    EXPECT_EQ(found.operating_points[1].youden.value().threshold, 0.25);
    EXPECT_EQ(found.embeddings.value().weights_sha256, "abc");
    EXPECT_EQ(found.training.at("c"), 1.0);
    EXPECT_EQ(found.evaluated_on, "test");
    EXPECT_EQ(found.metrics.at("accuracy"), 0.5);
  }
}

TEST(Adapter, NamesWithDotsKeepThem) { EXPECT_EQ(stem_of("a/lesions.v2"), std::filesystem::path("a/lesions.v2")); }

TEST(Adapter, TwoHalvesOfDifferentAdaptersAreRefused) {
  const TemporaryFolder folder;
  linear_adapter().save(folder / "a");
  std::vector<AdapterTensor> other = linear_tensors();
  other[0].values[0] = 7;
  Adapter(linear_description(), other).save(folder / "b");
  std::filesystem::rename(folder / "b.safetensors", folder / "a.safetensors");
  expect_error(Code::kBadFile, {"a.safetensors", "data_sha256"}, [&] { Adapter::open(folder / "a"); });
}

TEST(Adapter, MissingFilesAreNamed) {
  const TemporaryFolder folder;
  expect_error(Code::kNotFound, {"x.json"}, [&] { Adapter::open(folder / "x"); });
  linear_adapter().save(folder / "h");
  std::filesystem::remove(folder / "h.safetensors");
  expect_error(Code::kNotFound, {"h.safetensors"}, [&] { Adapter::open(folder / "h"); });
}

TEST(Adapter, WhatDoesNotFitIsRefusedByName) {
  const auto refused = [](const std::string& words, const std::function<void(AdapterDescription&)>& change,
                          const std::function<void(std::vector<AdapterTensor>&)>& spoil = {}) {
    SCOPED_TRACE(words);
    AdapterDescription description = linear_description();
    std::vector<AdapterTensor> tensors = linear_tensors();
    if (change) change(description);
    if (spoil) spoil(tensors);
    expect_error(Code::kBadArgument, {words}, [&] { Adapter(description, tensors); });
  };
  refused("0 labels", [](auto& d) { d.labels.clear(); });
  refused("label 2 is a duplicate", [](auto& d) { d.labels[1] = "no"; });
  refused("label 1 is empty", [](auto& d) { d.labels[0].clear(); });
  refused("in_channels: expected 1 to 65536, got 0", [](auto& d) { d.in_channels = 0; });
  refused("temperature: expected a number above 0, got 0", [](auto& d) { d.temperature = 0; });
  refused("operating points", [](auto& d) { d.operating_points.resize(1); });
  refused("no tensor 'bias'", {}, [](auto& t) { t.pop_back(); });
  refused("3 tensors", {}, [](auto& t) { t.push_back({"more", {1}, {1}}); });
  refused("'weight': expected shape", {}, [](auto& t) { t[0].shape = {3, 2}; });
  refused("'bias': expected 2 finite", {}, [](auto& t) { t[1].values[0] = NAN; });
}

TEST(HeadJson, EachDamagedKeyIsNamed) {
  const std::string good = to_json(HeadRecord{linear_description(), "00"});
  const auto refused = [&](Code code, const std::string& words, const std::function<void(Json&)>& spoil) {
    SCOPED_TRACE(words);
    Json json = Json::parse(good);
    spoil(json);
    expect_error(code, {"h.json", words}, [&] { parse_head(json.dump(), "h.json"); });
  };
  EXPECT_EQ(parse_head(good, "h.json").description.labels.size(), 2U);
  refused(Code::kBadFile, "format", [](Json& j) { j["format"] = "other"; });
  refused(Code::kUnsupported, "version 3", [](Json& j) { j["version"] = 3; });
  refused(Code::kBadFile, "kind: expected linear, mlp or pipeline", [](Json& j) { j["kind"] = "forest"; });
  refused(Code::kBadFile, "in_channels: is missing", [](Json& j) { j.erase("in_channels"); });
  refused(Code::kBadFile, "in_channels: expected a whole number", [](Json& j) { j["in_channels"] = 2.5; });
  refused(Code::kBadFile, "in_channels: expected 1 to 65536, got 1e+18", [](Json& j) { j["in_channels"] = 1e18; });
  refused(Code::kBadFile, "labels: expected a list of strings", [](Json& j) { j["labels"][0] = 1; });
  refused(Code::kBadFile, "temperature: expected", [](Json& j) { j["temperature"] = -1; });
  refused(Code::kBadFile, "pickle: is not a key", [](Json& j) { j["pickle"] = 1; });
  refused(Code::kBadFile, "hidden_dim: a linear adapter", [](Json& j) { j["hidden_dim"] = 4; });
  refused(Code::kBadFile, "operating_points[1].youden.threshold: expected 0 to 1, got 2",
          [](Json& j) { j["operating_points"][1]["youden"]["threshold"] = 2; });
  refused(Code::kBadFile, "operating_points[0].label", [](Json& j) { j["operating_points"][0]["label"] = "x"; });
  refused(Code::kBadFile, "metrics.accuracy: expected a number", [](Json& j) { j["metrics"]["accuracy"] = "high"; });
  expect_error(Code::kBadFile, {"h.json", "not valid JSON"},
               [&] { parse_head(good.substr(0, good.size() / 2), "h.json"); });
}

TEST(HeadJson, ReadsManyMetricsAndRefusesOneThatIsThereTwice) {
  constexpr int kMany = 200'000;
  Json json = Json::parse(to_json(HeadRecord{linear_description(), "00"}));
  for (int i = 0; i < kMany; ++i) json["metrics"][fmt::format("name {}", i)] = i;
  std::string text = json.dump();
  EXPECT_EQ(parse_head(text, "h.json").description.metrics.at("name 199999"), 199'999);
  const std::string_view start = "\"metrics\":{";
  text.insert(text.find(start) + start.size(), "\"name 100000\":0,");
  expect_error(Code::kBadFile, {"h.json", "has the key of an earlier one"}, [&] { parse_head(text, "h.json"); });
}

/// A linear adapter of one output.
Adapter number_adapter(Target target) {
  AdapterDescription description = linear_description();
  description.target = target;
  description.labels = {"days"};
  description.temperature = 1;
  description.operating_points.clear();
  return {description, {{"weight", {1, 3}, {1, 2, 3}}, {"bias", {1}, {10}}}};
}

TEST(Targets, AreKeptByTheFilesAndAnswerInTheirOwnWay) {
  const TemporaryFolder folder;
  number_adapter(Target::kSurvival).save(folder / "h");
  const Adapter number = Adapter::open(folder / "h");
  EXPECT_EQ(number.description().target, Target::kSurvival);
  const LabelScore answer = number.number(std::vector<float>{1, 1, 1});
  EXPECT_EQ(answer.label, "days");
  EXPECT_EQ(answer.score, 16);
  expect_error(Code::kUnsupported, {"'days'", "mi2 adapter predict"},
               [&] { static_cast<void>(number.classify(std::vector<float>(3))); });
  AdapterDescription findings = linear_description();
  findings.target = Target::kFindings;
  findings.temperature = 1;
  const Adapter several(findings, linear_tensors());
  const std::vector<double> logits = several.logits(std::vector<float>{1, -1, 2});
  const std::vector<double> scores = several.probabilities(std::vector<float>{1, -1, 2});
  for (std::size_t c = 0; c < 2; ++c) EXPECT_NEAR(scores[c], 1 / (1 + std::exp(-logits[c])), 1e-15);
  expect_error(Code::kUnsupported, {"mi2 adapter classify"},
               [&] { static_cast<void>(several.number(std::vector<float>(3))); });
}

TEST(Targets, WhatDoesNotFitATargetIsRefused) {
  const auto refused = [](const std::string& words, const std::function<void(AdapterDescription&)>& change) {
    SCOPED_TRACE(words);
    AdapterDescription description = linear_description();
    change(description);
    expect_error(Code::kBadArgument, {words}, [&] { Adapter(description, linear_tensors()); });
  };
  refused("target number: expected one name", [](auto& d) { d.target = Target::kNumber; });
  refused("temperature: of target findings expected 1", [](auto& d) {
    d.target = Target::kFindings;
    d.temperature = 2;
  });
  const std::string good = to_json(HeadRecord{number_adapter(Target::kNumber).description(), "00"});
  EXPECT_EQ(parse_head(good, "h.json").description.target, Target::kNumber);
  const auto damaged = [&](const std::string& words, const std::function<void(Json&)>& spoil) {
    SCOPED_TRACE(words);
    Json json = Json::parse(good);
    spoil(json);
    expect_error(Code::kBadFile, {"h.json", words}, [&] { parse_head(json.dump(), "h.json"); });
  };
  damaged("target: expected findings, number, ordinal or survival", [](Json& j) { j["target"] = "label"; });
  damaged("target: belongs to adapters of version 2", [](Json& j) { j.erase("target"); });
  damaged("target: belongs to adapters of version 2", [](Json& j) { j["version"] = 1; });
}

TEST(Toolkit, APickleThatIsNoFileOfTorchIsRefusedWithTheWayOut) {
  const TemporaryFolder folder;
  folder.write("adapter_model/config.json", R"({"in_channels": 4, "hidden_dim": 2, "labels": ["a", "b"]})");
  expect_error(Code::kNotFound, {"expected one file of weights", "got 0"},
               [&] { Adapter::open(folder / "adapter_model"); });
  folder.write("adapter_model/best_metric_model.pth", "PK");
  expect_error(Code::kUnsupported, {"pickle", "save_file", "weights_only=True"},
               [&] { Adapter::open(folder / "adapter_model"); });
  expect_error(Code::kUnsupported, {"pickle", "best_metric_model.pth"},
               [&] { import_adapter(folder / "adapter_model", folder / "adapter_model/best_metric_model.pth"); });
}

TEST(Toolkit, TensorsOfAnotherModelAreNamed) {
  const TemporaryFolder folder;
  linear_adapter().save(folder / "adapter_model");
  const auto config = folder.write("config.json", R"({"in_channels": 3, "hidden_dim": 2, "labels": ["a", "b"]})");
  expect_error(Code::kBadFile, {"adapter_model.safetensors", "'weight' belongs to no mlp adapter"},
               [&] { import_adapter(config, folder / "adapter_model.safetensors"); });
  expect_error(Code::kBadFile, {"hidden_dim: is missing"},
               [&] { import_adapter(folder.write("bad.json", R"({"in_channels": 3, "labels": ["a"]})")); });
}

TEST(ZeroShot, ScoresOfMi2ClassifyAreFoundByPathAndLabel) {
  const ScoreTable table = parse_scores(
      "{\"path\": \"d/a.png\", \"labels\": [{\"label\": \"p2\", \"score\": 0.75}, {\"label\": \"p1\", \"score\": "
      "0.25}]}\n",
      "s");
  const std::vector<std::string> names{"a.png"};
  const std::vector<std::string> prompts{"p1", "p2"};
  EXPECT_THAT(scores_of(table, names, prompts).values, ::testing::ElementsAre(0.25, 0.75));
  expect_error(Code::kBadArgument, {"row 1", "label 2"}, [&] {
    scores_of(table, names, std::vector<std::string>{"p1", "p3"});
  });
  expect_error(Code::kBadArgument, {"no scores of 'b.png'"}, [&] {
    scores_of(table, std::vector<std::string>{"a.png", "b.png"}, prompts);
  });
  expect_error(Code::kBadFile, {"s: line 1"}, [] { parse_scores("{\"path\": 1}", "s"); });
}

}  // namespace
}  // namespace mi2::adapter
