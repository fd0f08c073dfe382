#include "weights/lora.hpp"

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "weights/checkpoint.hpp"
#include "weights/model_source.hpp"
#include "weights/samples.hpp"

namespace mi2::weights {
namespace {

using test::expect_error;
using test::make_parameter;

const std::string kWeight = "lang_encoder.resblocks.0.mlp.c_proj.weight";  // [2, 8] in the small model

/// A [2, 8] weight's pair of rank 2.
const std::vector<float> kA{1, 0, 2, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, -1};
const std::vector<float> kB{0.5F, 2, -1, 0};

class LoraFile : public ::testing::Test {
 protected:
  LoraFile() {
    test::write_any(folder_ / "model.safetensors", test::small_weights());
    folder_.write("config.yaml", test::kSmallConfig);
    folder_.write("other/note", "");
    metadata_ = lora_metadata({base::sha256_hex(folder_ / "model.safetensors"), 2, 3, {"mlp"}});
  }

  std::filesystem::path write(const std::vector<ops::Parameter>& tensors) {
    test::write_any(folder_ / "other" / "lora.safetensors", tensors, metadata_);
    return folder_ / "other" / "lora.safetensors";
  }
  std::filesystem::path write_pair() {
    return write({make_parameter(kWeight + ".lora_A", {2, 8}, kA), make_parameter(kWeight + ".lora_B", {2, 2}, kB)});
  }
  void refuses(const std::vector<std::string>& words, const std::vector<ops::Parameter>& tensors) {
    const std::filesystem::path file = write(tensors);
    expect_error(Code::kBadFile, words, [&] {
      Checkpoint checkpoint(ModelSource(folder_.path(), file).weights());
      checkpoint.take(kWeight, {2, 8});
    });
  }

  test::TemporaryFolder folder_;
  std::map<std::string, std::string> metadata_;
};

TEST_F(LoraFile, AddsTheScaledProductToItsWeightAndLeavesTheOthers) {
  Checkpoint plain(folder_ / "model.safetensors");
  const std::vector<float> before = plain.take(kWeight, {2, 8}).to_floats();
  const ModelSource source(folder_.path(), write_pair());
  Checkpoint checkpoint(source.weights());
  const std::vector<float> after = checkpoint.take(kWeight, {2, 8}).to_floats();
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t column = 0; column < 8; ++column) {
      const float product = kB[row * 2] * kA[column] + kB[row * 2 + 1] * kA[8 + column];
      EXPECT_FLOAT_EQ(after[row * 8 + column], before[row * 8 + column] + 3.0F / 2.0F * product);
    }
  }
  const std::string other = "lang_encoder.resblocks.0.mlp.c_fc.weight";
  EXPECT_EQ(checkpoint.take(other, {8, 2}).to_floats(), plain.take(other, {8, 2}).to_floats());
}

TEST_F(LoraFile, PutsAWeightThatWasTrainedWholeInItsPlace) {
  const ModelSource source(folder_.path(), write({make_parameter("logit_scale", {}, {1.25F})}));
  Checkpoint checkpoint(source.weights());
  EXPECT_EQ(checkpoint.take("logit_scale", {}).to_floats().front(), 1.25F);
}

TEST_F(LoraFile, MakesAnotherModelOfTheBase) {
  const std::filesystem::path file = write_pair();
  const std::string both = ModelSource(folder_.path(), file).weights_sha256();
  EXPECT_EQ(both.size(), 64U);
  EXPECT_NE(both, ModelSource(folder_.path()).weights_sha256());
  write({make_parameter("logit_scale", {}, {1.25F})});
  EXPECT_NE(both, ModelSource(folder_.path(), file).weights_sha256());
}

TEST_F(LoraFile, OfAnotherBaseModelIsRefused) {
  const std::filesystem::path file = write_pair();
  std::vector<ops::Parameter> others = test::small_weights();
  others.back() = make_parameter(others.back().name, others.back().shape,
                                 std::vector<float>(static_cast<std::size_t>(others.back().shape.count()), 0.5F));
  test::write_any(folder_ / "model.safetensors", others);
  expect_error(Code::kBadFile, {"lora.safetensors", metadata_.at("base_sha256"), "SHA-256"}, [&] {
    ModelSource{folder_.path(), file};
  });
}

TEST_F(LoraFile, ThatDoesNotFitIsRefusedByTheNameOfTheTensor) {
  const auto a = make_parameter(kWeight + ".lora_A", {2, 8}, kA);
  const auto b = make_parameter(kWeight + ".lora_B", {2, 2}, kB);
  refuses({"lora.safetensors", ".lora_B'", "missing"}, {a});
  refuses({"lora.safetensors", ".lora_A'", "missing"}, {b});
  refuses({"lora.safetensors", "shapes", "[1, 8]", "[2, in]"},
          {make_parameter(kWeight + ".lora_A", {1, 8}, std::vector<float>(8, 1)), b});
  refuses({"lora.safetensors", "shapes", "[2, 4]", "[2, 8]"},
          {make_parameter(kWeight + ".lora_A", {2, 4}, std::vector<float>(8, 1)), b});
  refuses({"lora.safetensors", "shapes", "[3, 2]"},
          {a, make_parameter(kWeight + ".lora_B", {3, 2}, std::vector<float>(6, 1))});
  refuses({"lora.safetensors", "shapes", "[4]"}, {a, make_parameter(kWeight + ".lora_B", {4}, kB)});
  refuses({"lora.safetensors", "'lang_encoder.nothing'", "does not have"},
          {make_parameter("lang_encoder.nothing.lora_A", {2, 8}, kA),
           make_parameter("lang_encoder.nothing.lora_B", {2, 2}, kB)});
  refuses({"lora.safetensors", "'logit_scale.x'", "does not have"}, {make_parameter("logit_scale.x", {}, {1})});
  refuses({"lora.safetensors", kWeight, "shape [2]"}, {make_parameter(kWeight, {2}, {1, 1})});
  refuses({"lora.safetensors", kWeight, "whole and as a pair"},
          {a, b, make_parameter(kWeight, {2, 8}, std::vector<float>(16, 1))});
  refuses({"lora.safetensors", "changes no weight"}, {});
}

TEST_F(LoraFile, WithoutAFiniteNumberIsRefused) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> numbers = kB;
    numbers[1] = bad;
    refuses({"lora.safetensors", ".lora_B'", "NaN"},
            {make_parameter(kWeight + ".lora_A", {2, 8}, kA), make_parameter(kWeight + ".lora_B", {2, 2}, numbers)});
  }
  const std::vector<float> large(16, 3e38F);
  refuses({"lora.safetensors", kWeight, "infinity"},
          {make_parameter(kWeight + ".lora_A", {2, 8}, large), make_parameter(kWeight + ".lora_B", {2, 2}, kB)});
}

TEST_F(LoraFile, OfAnotherKindOrWithWrongFiguresIsRefused) {
  const std::map<std::string, std::string> good = metadata_;
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"format", "pt"},   {"base_sha256", "12"}, {"rank", "0"},    {"rank", "2.5"}, {"rank", "100000"},
      {"alpha", "0"},     {"alpha", "nan"},      {"alpha", "inf"}, {"alpha", "-1"}, {"alpha", "1e300"},
      {"targets", "mlp"}, {"targets", "[1]"},    {"targets", "{}"}};
  for (const auto& [key, value] : wrong) {
    metadata_ = good;
    metadata_[key] = value;
    expect_error(Code::kBadFile, {"lora.safetensors", key == "format" ? "LoRA" : key}, [&] { Lora{write_pair()}; });
  }
  for (const auto& [key, value] : good) {
    metadata_ = good;
    metadata_.erase(key);
    expect_error(Code::kBadFile, {"lora.safetensors", "'" + key + "'"}, [&] { Lora{write_pair()}; });
  }
  expect_error(Code::kBadFile, {"model.safetensors", "LoRA"}, [&] { Lora{folder_ / "model.safetensors"}; });
}

}  // namespace
}  // namespace mi2::weights
