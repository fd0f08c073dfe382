// What the model says of itself: the tensors it takes, and the ops it names in a profile.

#include "models/tensor_list.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/medimageinsight.hpp"
#include "models/model.hpp"
#include "models/synthetic.hpp"
#include "ops/cpu/op_profile.hpp"
#include "ops/reference/reference_ops.hpp"
#include "support/paths.hpp"
#include "weights/samples.hpp"

namespace mi2::models {
namespace {

/// Made-up weights that note what is taken.
struct Noted : SyntheticWeights {
  std::vector<std::string> names;

  ops::Parameter take(const std::string& name, const tensor::Shape& shape) {
    names.push_back(name);
    return SyntheticWeights::take(name, shape);
  }
  ops::Parameter take_positions(const std::string& name, const tensor::Shape& shape) { return take(name, shape); }
};

TEST(TensorList, ListsWhatLoadingTakesInTheSameOrder) {
  const weights::ModelConfig config = weights::parse_config(test::kSmallConfig, "small");
  ops::ReferenceOps ops;
  Noted source;
  load_medimageinsight(ops, source, config);
  std::vector<std::string> names;
  for (const ListedTensor& row : tensor_list(config)) names.push_back(row.name);
  EXPECT_EQ(names, source.names);
}

TEST(TensorList, GivesShapesAndWhichOfThemMayHaveAnotherLength) {
  const weights::ModelConfig config = weights::parse_config(test::kSmallConfig, "small");
  std::set<std::string> any_length;
  std::map<std::string, tensor::Shape> shapes;
  for (const ListedTensor& row : tensor_list(config)) {
    if (row.any_length) any_length.insert(row.name);
    shapes.emplace(row.name, row.shape);
  }
  EXPECT_EQ(shapes.at("logit_scale"), tensor::Shape{});
  EXPECT_EQ(shapes.at("image_projection"), (tensor::Shape{8, 6}));
  EXPECT_EQ(shapes.at("lang_encoder.token_embedding.weight"), (tensor::Shape{49408, config.text.width}));
  EXPECT_THAT(any_length, testing::ElementsAre("lang_encoder.positional_embedding"));
}

TEST(TensorList, TakesAWeightBeforeItsBias) {
  const std::vector<ListedTensor> rows = tensor_list(weights::parse_config(test::kSmallConfig, "small"));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].name.ends_with("bias")) continue;
    ASSERT_GT(i, 0U);
    EXPECT_TRUE(rows[i - 1].name.ends_with("weight")) << rows[i - 1].name << " before " << rows[i].name;
  }
}

TEST(Profile, NamesTheProductsOfBothTowersAsTheModelDoes) {
  const weights::ModelConfig config = weights::load_config(test::golden_data() / "tiny" / "config.yaml");
  const auto model = synthetic_cpu_model(config, {});
  ops::cpu::Profile profile;
  model->ops().set_profile(&profile);
  tensor::Tensor pixels({1, config.image.height, config.image.width, 3});
  std::ranges::fill(pixels.floats(), 0.5F);
  model->embed_images(pixels);
  ops::TokenBatch tokens;
  tokens.add({49406, 320, 49407});
  model->embed_texts(tokens);
  for (const char* segment : {"stage0", "stage3", "text"}) {
    std::set<std::string> products;
    for (const auto& [key, entry] : profile.ops) {
      if (key.first == segment && key.second.find("_linear") != std::string::npos) products.insert(key.second);
    }
    EXPECT_THAT(products,
                testing::ElementsAre("add_linear fc2", "add_linear proj", "norm_linear fc1", "norm_linear qkv"))
        << segment;
  }
}

}  // namespace
}  // namespace mi2::models
