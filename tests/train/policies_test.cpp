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

}  // namespace
}  // namespace mi2::train
