#include "weights/names.hpp"

#include <string>

#include <gtest/gtest.h>

#include "models/tensor_list.hpp"
#include "weights/samples.hpp"

namespace mi2::weights {
namespace {

TEST(Names, EveryOlderNameTurnsIntoTheCurrentOne) {
  for (const models::ListedTensor& row : models::tensor_list(parse_config(test::kSmallConfig, "small"))) {
    const std::string older = test::older_name(row.name);
    EXPECT_EQ(current_name(older), row.name) << older;
    EXPECT_EQ(current_name(row.name), row.name) << "a current name stays";
    EXPECT_EQ(naming_of(row.name) == Naming::kNeutral, row.name == "logit_scale");
    EXPECT_EQ(naming_of(older) == Naming::kOlder, row.name != "logit_scale") << older;
  }
}

TEST(Names, KnownExamplesOfTheOlderScheme) {
  EXPECT_EQ(current_name("visual.main_blocks.2.8.1.attn.qkv.weight"),
            "image_encoder.blocks.2.8.channel_block.channel_attn.fn.qkv.weight");
  EXPECT_EQ(current_name("visual.main_blocks.0.10.0.cpe.1.proj.bias"),
            "image_encoder.blocks.0.10.spatial_block.conv2.fn.dw.bias");
  EXPECT_EQ(current_name("text_projection"), "lang_projection");
}

TEST(Names, MalformedOlderNamesStayDistinguishable) {
  for (const char* odd : {"visual.main_blocks.", "visual.main_blocks.0", "visual.main_blocks.0.0.2.attn.x",
                          "visual.main_blocks.a.b.0.attn.x", "visual.main_blocks.0.0.0.other.x", "visual."}) {
    EXPECT_TRUE(current_name(odd).starts_with("image_encoder.")) << odd;
  }
}

TEST(Names, OnlyBuffersOfTheTowersAreKnown) {
  EXPECT_TRUE(is_known_buffer("lang_encoder.resblocks.0.attn_mask"));
  EXPECT_TRUE(is_known_buffer("lang_encoder.attn_mask"));
  EXPECT_FALSE(is_known_buffer("attn_mask"));
  EXPECT_FALSE(is_known_buffer("other.attn_mask"));
  EXPECT_FALSE(is_known_buffer("lang_encoder.resblocks.0.extra"));
}

}  // namespace
}  // namespace mi2::weights
