#include "train/parameters/policies.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/tensor_list.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"
#include "weights/config.hpp"

namespace mi2::train {
namespace {

using mi2::test::expect_error;

std::vector<models::ListedTensor> tiny_names() {
  return models::tensor_list(weights::load_config(test::golden_data() / "tiny" / "config.yaml"));
}

ParameterPolicy policy_of(ParameterPolicies& policies, const models::ListedTensor& row) {
  std::vector<std::int64_t> shape;
  for (std::size_t i = 0; i < row.shape.rank(); ++i) shape.push_back(row.shape[i]);
  return policies.of(row.name, shape);
}

/// What the golden training decays: neither biases, norms, depthwise convolutions, embeddings nor logit_scale. Written
/// out by the layers of the model, not by patterns.
bool decays(const std::string& name) {
  if (name == "image_projection" || name == "lang_projection") return true;
  for (const char* end : {".proj.weight", "out_proj.weight", "qkv.weight", "fc1.weight", "fc2.weight", "in_proj_weight",
                          "c_fc.weight", "c_proj.weight"}) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

TEST(ParameterPolicies, DecayExactlyTheMatricesByDefault) {
  ParameterPolicies policies(ParameterRules{}, 0.2);
  int decayed = 0;
  const std::vector<models::ListedTensor> rows = tiny_names();
  for (const models::ListedTensor& row : rows) {
    const ParameterPolicy policy = policy_of(policies, row);
    EXPECT_EQ(policy.weight_decay, decays(row.name) ? 0.2 : 0) << row.name;
    EXPECT_TRUE(policy.trainable) << row.name;
    EXPECT_EQ(policy.lr_scale, 1) << row.name;
    decayed += policy.weight_decay > 0 ? 1 : 0;
  }
  EXPECT_GT(decayed, 20);
  EXPECT_LT(decayed, static_cast<int>(rows.size()) / 2);
  EXPECT_TRUE(policies.unmatched().empty());
}

TEST(ParameterPolicies, FollowTheFirstPatternThatMatches) {
  ParameterRules rules;
  rules.lr_scale_patterns = {{"^lang_encoder.resblocks.0\\.", 0.1}, {"^lang_encoder\\.", 0.5}};
  rules.weight_decay_patterns = {{"qkv", 0.01}, {"weight$", 0.03}};
  rules.freeze_patterns = {"token_embedding", "^image_encoder.convs"};
  ParameterPolicies policies(rules, 0.2);
  const std::vector<std::int64_t> matrix{8, 8};
  EXPECT_EQ(policies.of("lang_encoder.resblocks.0.mlp.c_fc.weight", matrix), (ParameterPolicy{true, 0.03, 0.1}));
  EXPECT_EQ(policies.of("lang_encoder.resblocks.1.mlp.c_fc.bias", matrix), (ParameterPolicy{true, 0.2, 0.5}));
  EXPECT_EQ(policies.of("image_encoder.blocks.0.0.spatial_block.window_attn.fn.qkv.weight", matrix),
            (ParameterPolicy{true, 0.01, 1}));
  EXPECT_FALSE(policies.of("lang_encoder.token_embedding.weight", matrix).trainable);
  EXPECT_EQ(policies.unmatched(), (std::vector<std::string>{"^image_encoder.convs"}));
  EXPECT_FALSE(policies.of("image_encoder.convs.0.proj.weight", std::vector<std::int64_t>{4, 3, 7, 7}).trainable);
  EXPECT_TRUE(policies.unmatched().empty());
}

TEST(ParameterPolicies, TakeNormsAndDepthwiseConvolutionsByModuleNotByPattern) {
  ParameterRules rules;
  rules.weight_decay_patterns = {{"weight$", 0.5}};
  const std::vector<std::int64_t> kernel{8, 1, 3, 3};
  const std::vector<std::int64_t> channels{8};
  ParameterPolicies none(rules, 0.2);
  EXPECT_EQ(none.of("image_encoder.blocks.0.0.spatial_block.conv1.fn.dw.weight", kernel).weight_decay, 0);
  EXPECT_EQ(none.of("lang_encoder.ln_final.weight", channels).weight_decay, 0);
  rules.decay_depthwise = true;
  rules.decay_norms = true;
  ParameterPolicies both(rules, 0.2);
  EXPECT_EQ(both.of("image_encoder.blocks.0.0.spatial_block.conv1.fn.dw.weight", kernel).weight_decay, 0.5);
  EXPECT_EQ(both.of("lang_encoder.ln_final.weight", channels).weight_decay, 0.5);
}

TEST(ParameterPolicies, AScaleOfZeroFreezes) {
  ParameterRules rules;
  rules.lr_scale_patterns = {{"a", 0}};
  EXPECT_FALSE(ParameterPolicies(rules, 0).of("a", {}).trainable);
}

TEST(ParameterPolicies, RefuseHostilePatterns) {
  ParameterRules rules;
  rules.freeze_patterns = {"("};
  expect_error(Code::kBadArgument, {"pattern '('", "RE2"}, [&] { ParameterPolicies(rules, 0); });
  EXPECT_THAT(pattern_fault(std::string(5000, 'a')), ::testing::HasSubstr("the limit is"));
  EXPECT_THAT(pattern_fault("((a{1000}){1000}){1000}"), ::testing::HasSubstr("RE2"));
  EXPECT_EQ(pattern_fault(""), "is empty");
  // Takes exponential time in engines that backtrack.
  rules.freeze_patterns = {"(a*)*b"};
  EXPECT_TRUE(ParameterPolicies(rules, 0).of(std::string(5000, 'a'), {}).trainable);
}

TEST(ParameterPolicies, OfALoraRunTrainAdditionsAndWhatIsUnfrozenAlone) {
  ParameterRules rules;
  rules.freeze_patterns = {"resblocks.0"};
  rules.lora = LoraRules{{"attn", "mlp"}, {"logit_scale", "nothing"}};
  ParameterPolicies policies(rules, 0.2);
  for (const models::ListedTensor& row : tiny_names()) {
    EXPECT_EQ(policy_of(policies, row).trainable, row.name == "logit_scale") << row.name;
  }
  const std::vector<std::int64_t> shape{4, 8};
  EXPECT_TRUE(policies.of("image_encoder.blocks.0.0.spatial_block.window_attn.fn.qkv.weight.lora_A", shape).trainable);
  EXPECT_TRUE(policies.is_lora_target("image_encoder.blocks.0.0.spatial_block.window_attn.fn.qkv.weight"));
  EXPECT_TRUE(policies.is_lora_target("lang_encoder.resblocks.1.mlp.c_fc.weight"));
  EXPECT_FALSE(policies.is_lora_target("lang_encoder.resblocks.0.mlp.c_fc.weight")) << "frozen";
  EXPECT_FALSE(policies.is_lora_target("image_encoder.blocks.0.0.spatial_block.ffn.fn.net.fc1.weight"));
  EXPECT_THAT(policies.unmatched(), ::testing::Contains("nothing"));
}

TEST(ParameterPolicies, OfALoraRunAddNothingToWhatIsTrainedWhole) {
  ParameterRules rules;
  rules.lora = LoraRules{{"mlp"}, {"resblocks.1"}};
  ParameterPolicies policies(rules, 0.2);
  const std::vector<std::int64_t> shape{4, 8};
  EXPECT_TRUE(policies.of("lang_encoder.resblocks.1.mlp.c_fc.weight", shape).trainable);
  EXPECT_FALSE(policies.is_lora_target("lang_encoder.resblocks.1.mlp.c_fc.weight"));
  EXPECT_TRUE(policies.is_lora_target("lang_encoder.resblocks.0.mlp.c_fc.weight"));
}

TEST(ParameterPolicies, DecayTheRateFromLayerToLayerOfEachTower) {
  ParameterRules rules;
  rules.layer_decay = 0.5;
  rules.lr_scale_patterns = {{"resblocks.1.ln_2", 3}};
  ParameterPolicies policies(rules, 0.2);
  const std::vector<std::string> names{"image_encoder.convs.0.proj.weight",
                                       "image_encoder.blocks.0.0.a.weight",
                                       "image_encoder.convs.1.proj.weight",
                                       "image_encoder.blocks.1.0.a.weight",
                                       "image_encoder.blocks.1.1.a.weight",
                                       "image_encoder.norms.weight",
                                       "image_projection",
                                       "lang_encoder.token_embedding.weight",
                                       "lang_encoder.positional_embedding",
                                       "lang_encoder.resblocks.0.ln_2.weight",
                                       "lang_encoder.resblocks.1.ln_2.weight",
                                       "lang_encoder.ln_final.weight",
                                       "logit_scale"};
  policies.set_layers(names);
  const std::vector<double> expected{1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0 / 2, 1, 1,
                                     1.0 / 8,  1.0 / 8,  1.0 / 4, 3.0 / 2, 1,       1};
  const std::vector<std::int64_t> shape{2, 2};
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_DOUBLE_EQ(policies.of(names[i], shape).lr_scale, expected[i]) << names[i];
  }
}

}  // namespace
}  // namespace mi2::train
