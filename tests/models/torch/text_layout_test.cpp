#include "ops/torch/text_layout.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace mi2::ops::torch_ops {
namespace {

TokenBatch texts_of(const std::vector<int>& lengths) {
  TokenBatch batch;
  for (const int length : lengths) batch.add(std::vector<std::int32_t>(static_cast<std::size_t>(length), 1));
  return batch;
}

TEST(TextLayout, TextsOfOneLengthNeitherMoveNorHaveAMask) {
  const TextLayout layout = lay_out(texts_of({7, 7, 7}), at::kCPU);
  ASSERT_EQ(layout.groups.size(), 1U);
  EXPECT_EQ(layout.groups[0].texts, 3);
  EXPECT_EQ(layout.groups[0].longest, 7);
  EXPECT_FALSE(layout.groups[0].mask.defined());
  EXPECT_FALSE(layout.rows.defined());
}

TEST(TextLayout, PadsNoTextToMoreThanTwiceItsLength) {
  const std::vector<int> lengths{77, 2, 40, 3, 5, 9, 4, 77, 38, 2};
  const TextLayout layout = lay_out(texts_of(lengths), at::kCPU);
  std::int64_t texts = 0;
  std::int64_t rows = 0;
  for (const TextLayout::Group& group : layout.groups) {
    texts += group.texts;
    rows += group.texts * group.longest;
    if (!group.mask.defined()) continue;
    const at::Tensor real = group.mask.eq(0).sum(-1).view(-1);
    EXPECT_GE(2 * real.min().item<std::int64_t>(), group.longest);
  }
  EXPECT_EQ(texts, 10);
  EXPECT_EQ(layout.rows.size(0), rows);
  EXPECT_GT(layout.groups.size(), 2U);
}

TEST(TextLayout, EveryRowComesBackToItsPlace) {
  const TokenBatch batch = texts_of({5, 2, 11, 2, 30});
  const TextLayout layout = lay_out(batch, at::kCPU);
  const at::Tensor x = at::arange(50);
  EXPECT_TRUE(x.index_select(0, layout.rows).index_select(0, layout.places).equal(x));
}

TEST(TextLayout, OfNoTextHasNoGroup) { EXPECT_TRUE(lay_out(TokenBatch(), at::kCPU).groups.empty()); }

}  // namespace
}  // namespace mi2::ops::torch_ops
