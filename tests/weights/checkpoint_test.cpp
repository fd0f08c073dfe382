#include "weights/checkpoint.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "models/tensor_list.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "weights/samples.hpp"

namespace mi2::weights {
namespace {

using test::expect_error;
using test::make_parameter;

class CheckpointTest : public ::testing::Test {
 protected:
  Checkpoint open(const std::vector<ops::Parameter>& tensors) {
    test::write_any(folder_ / "w.safetensors", tensors);
    return Checkpoint(folder_ / "w.safetensors");
  }

  /// Takes every tensor of the small model. @returns the first element of each.
  static std::vector<float> take_all(Checkpoint& checkpoint) {
    std::vector<float> firsts;
    for (const models::ListedTensor& row : models::tensor_list(parse_config(test::kSmallConfig, "small"))) {
      const ops::Parameter parameter = checkpoint.take(row.name, row.shape);
      EXPECT_EQ(parameter.name, row.name);
      firsts.push_back(parameter.to_floats().front());
    }
    return firsts;
  }

  test::TemporaryFolder folder_;
};

TEST_F(CheckpointTest, GivesEveryTensorOnceUnderItsCurrentName) {
  Checkpoint checkpoint = open(test::small_weights());
  EXPECT_EQ(checkpoint.naming(), Naming::kCurrent);
  const std::vector<float> firsts = take_all(checkpoint);
  for (std::size_t i = 0; i < firsts.size(); ++i) EXPECT_EQ(firsts[i], static_cast<float>(i));
  checkpoint.finish();
  expect_error(Code::kBadFile, {"'logit_scale'", "missing"}, [&] { checkpoint.take("logit_scale", {}); });
}

TEST_F(CheckpointTest, TakesOlderNamesForTheSameTensors) {
  Checkpoint checkpoint = open(test::small_weights(test::older_name));
  EXPECT_EQ(checkpoint.naming(), Naming::kOlder);
  const std::vector<float> firsts = take_all(checkpoint);
  for (std::size_t i = 0; i < firsts.size(); ++i) EXPECT_EQ(firsts[i], static_cast<float>(i));
  checkpoint.finish();
}

TEST_F(CheckpointTest, DropsAPrefixThatEveryNameCarries) {
  for (const char* prefix : {"module.", "model."}) {
    Checkpoint checkpoint = open(test::small_weights([&](const std::string& name) { return prefix + name; }));
    take_all(checkpoint);
    checkpoint.finish();
  }
  Checkpoint partly = open({make_parameter("logit_scale", {}, {1}), make_parameter("model.logit_scale", {}, {1})});
  partly.take("logit_scale", {});
  expect_error(Code::kBadFile, {"'model.logit_scale'"}, [&] { partly.finish(); });
}

TEST_F(CheckpointTest, RefusesAMixOfNamings) {
  expect_error(Code::kBadFile, {"w.safetensors", "two naming schemes", "'image_projection'", "'text_projection'"}, [&] {
    open({make_parameter("image_projection", {1}, {1}), make_parameter("text_projection", {1}, {1})});
  });
}

TEST_F(CheckpointTest, NamesTheNearestOfAMissingTensor) {
  Checkpoint checkpoint = open({make_parameter("lang_encoder.ln_final.weigth", {1}, {1}),
                                make_parameter("image_encoder.convs.0.proj.weight", {1}, {1})});
  try {
    checkpoint.take("lang_encoder.ln_final.weight", {1});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kBadFile);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("w.safetensors: tensor 'lang_encoder.ln_final.weight' is missing"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("nearest in the file: 'lang_encoder.ln_final.weigth'"));
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("convs")));
  }
}

TEST_F(CheckpointTest, RefusesAnotherShape) {
  Checkpoint checkpoint = open({make_parameter("a", {2, 3}, {1, 2, 3, 4, 5, 6})});
  expect_error(Code::kBadFile, {"w.safetensors", "'a'", "has shape [2, 3]", "expected [3, 2]"}, [&] {
    checkpoint.take("a", {3, 2});
  });
}

TEST_F(CheckpointTest, RefusesNumbersThatAreNotFiniteByName) {
  for (const tensor::DType dtype : {tensor::DType::kF32, tensor::DType::kF16, tensor::DType::kBF16}) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
      if (dtype == tensor::DType::kF16 && std::isnan(bad)) continue;  // make_parameter finds halves by their value
      std::vector<float> values(3000, 1.0F);
      values[2999] = bad;
      Checkpoint checkpoint =
          open({make_parameter("good", {2}, {1, 2}), make_parameter("bad", {1500, 2}, values, dtype)});
      checkpoint.take("good", {2});
      expect_error(Code::kBadFile, {"w.safetensors", "'bad'", "finite"}, [&] { checkpoint.take("bad", {1500, 2}); });
      for (const std::int64_t length : {1500, 700}) {
        Checkpoint again = open({make_parameter("bad", {1500, 2}, values, dtype)});
        expect_error(Code::kBadFile, {"'bad'", "finite"}, [&] { again.take_positions("bad", {length, 2}); });
      }
    }
  }
}

TEST_F(CheckpointTest, TakesOneNumberOfShape1ForAScalarAndNoOtherShape) {
  Checkpoint one = open({make_parameter("logit_scale", {1}, {4.5F})});
  const ops::Parameter scale = one.take("logit_scale", {});
  EXPECT_EQ(scale.shape.rank(), 0);
  EXPECT_EQ(scale.to_floats(), std::vector<float>{4.5F});
  Checkpoint deep = open({make_parameter("logit_scale", {1, 1}, {4.5F})});
  expect_error(Code::kBadFile, {"[1, 1]"}, [&] { deep.take("logit_scale", {}); });
  Checkpoint two = open({make_parameter("logit_scale", {2}, {4.5F, 4.5F})});
  expect_error(Code::kBadFile, {"[2]"}, [&] { two.take("logit_scale", {}); });
  Checkpoint scalar = open({make_parameter("a", {}, {1})});
  expect_error(Code::kBadFile, {"expected [1]"}, [&] { scalar.take("a", {1}); });
}

TEST_F(CheckpointTest, RefusesAnotherElementType) {
  folder_.write("i.safetensors",
                test::safetensors_file(R"({"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}})", "1234"));
  Checkpoint checkpoint(folder_ / "i.safetensors");
  expect_error(Code::kBadFile, {"'a'", "I32", "F32, F16 or BF16"}, [&] { checkpoint.take("a", {1}); });
}

TEST_F(CheckpointTest, NamesUpToFiveLeftOversAndTheirCount) {
  std::vector<ops::Parameter> tensors;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g"}) tensors.push_back(make_parameter(name, {1}, {1}));
  Checkpoint checkpoint = open(tensors);
  checkpoint.take("a", {1});
  expect_error(Code::kBadFile, {"6 tensors", "'b', 'c', 'd', 'e', 'f', ..."}, [&] { checkpoint.finish(); });
  checkpoint.take("f", {1});
  checkpoint.take("g", {1});
  expect_error(Code::kBadFile, {"4 tensors", "'b', 'c', 'd', 'e'"}, [&] { checkpoint.finish(); });
}

TEST_F(CheckpointTest, NamesLeftOversAsTheFileDoes) {
  const Checkpoint checkpoint = open({make_parameter("visual.main_blocks.0.0.0.cpe.0.proj.weight", {1}, {1})});
  expect_error(Code::kBadFile, {"'visual.main_blocks.0.0.0.cpe.0.proj.weight'"}, [&] { checkpoint.finish(); });
}

TEST_F(CheckpointTest, LetsBuffersWithoutWeightsStay) {
  open({make_parameter("lang_encoder.resblocks.0.attn_mask", {1}, {0})}).finish();
  open({make_parameter("text.attn_mask", {1}, {0})}).finish();
}

TEST_F(CheckpointTest, ReadsEveryFloatType) {
  for (const tensor::DType dtype : {tensor::DType::kF32, tensor::DType::kF16, tensor::DType::kBF16}) {
    Checkpoint checkpoint = open({make_parameter("a", {2}, {0.5F, -3}, dtype)});
    const ops::Parameter parameter = checkpoint.take("a", {2});
    EXPECT_EQ(parameter.dtype, dtype);
    EXPECT_EQ(parameter.to_floats(), (std::vector<float>{0.5F, -3}));
  }
}

const std::vector<float> kPositions{0, 1, 1, -2, 4, 0.5F, 9, 8, 16, -1};  // [5, 2]

/// Expected: F.interpolate(x.t()[None], size=n, mode='linear', align_corners=False)[0].t() of PyTorch 2.15, f32.
TEST_F(CheckpointTest, InterpolatesPositionsOfAnotherLengthAsTorchDoes) {
  const std::vector<std::pair<std::int64_t, std::vector<float>>> cases{
      {1, {4, 0.5F}},
      {3, {0.333333313F, 5.96046448e-08F, 4, 0.5F, 13.666666F, 2.00000143F}},
      {5, kPositions},
      {8,
       {0, 1, 0.4375F, -0.3125F, 1.1875F, -1.84375F, 3.0625F, -0.28125F, 5.5625F, 2.84375F, 8.6875F, 7.53125F, 12.9375F,
        2.9375F, 16, -1}},
      {12,
       {0,           1,           0.125F,      0.625F,         0.541666627F, -0.624999881F, 0.958333254F, -1.87499976F,
        2.125F,      -1.0625F,    3.37499952F, -0.0208337307F, 5.04166603F,  2.06249952F,   7.125F,       5.1875F,
        9.29166603F, 7.62500143F, 12.2083330F, 3.87500072F,    15.125F,      0.125F,        16,           -1}}};
  for (const auto& [length, wanted] : cases) {
    for (const tensor::DType dtype : {tensor::DType::kF32, tensor::DType::kF16}) {
      Checkpoint checkpoint = open({make_parameter("p", {5, 2}, kPositions, dtype)});
      const ops::Parameter found = checkpoint.take_positions("p", {length, 2});
      EXPECT_EQ(found.shape, (tensor::Shape{length, 2}));
      EXPECT_EQ(found.dtype, length == 5 ? dtype : tensor::DType::kF32);
      const std::vector<float> values = found.to_floats();
      ASSERT_EQ(values.size(), wanted.size());
      // A few roundings of the position: PyTorch may fuse its multiply and add.
      for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(values[i], wanted[i], 4e-6F) << length << ": " << i;
      checkpoint.finish();
    }
  }
}

TEST_F(CheckpointTest, NeverAdaptsPositionsOfAnotherWidthOrRank) {
  const auto refuses = [&](const tensor::Shape& found) {
    Checkpoint checkpoint =
        open({make_parameter("p", found, std::vector<float>(static_cast<std::size_t>(found.count())))});
    expect_error(Code::kBadFile, {"'p'", found.to_string(), "[7, 2]"}, [&] { checkpoint.take_positions("p", {7, 2}); });
  };
  refuses({5, 3});
  refuses({10});
  refuses({0, 2});
  refuses({1, 5, 2});
}

}  // namespace
}  // namespace mi2::weights
