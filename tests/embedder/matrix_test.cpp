#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include <mi2/matrix.hpp>

namespace mi2 {
namespace {

TEST(EmbeddingMatrix, HoldsItsRowsOneAfterTheOther) {
  EmbeddingMatrix matrix(2, 3);
  std::ranges::copy(std::vector<float>{1, 2, 3}, matrix.row(0).begin());
  std::ranges::copy(std::vector<float>{4, 5, 6}, matrix.row(1).begin());
  EXPECT_EQ(matrix.rows(), 2U);
  EXPECT_EQ(matrix.dimensions(), 3U);
  EXPECT_EQ(std::vector<float>(matrix.data(), matrix.data() + 6), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(matrix.row(1).data(), matrix.data() + 3);
  EXPECT_EQ(matrix.row(1).size(), 3U);
}

TEST(EmbeddingMatrix, StartsWithZeros) {
  const EmbeddingMatrix matrix(2, 2);
  EXPECT_TRUE(std::ranges::all_of(matrix.numbers(), [](float x) { return x == 0; }));
  EXPECT_FALSE(matrix.empty());
  EXPECT_TRUE(EmbeddingMatrix().empty());
  EXPECT_TRUE(EmbeddingMatrix(0, 4).empty());
}

TEST(EmbeddingMatrix, TakesNumbersOfWholeRows) {
  const EmbeddingMatrix matrix({1, 2, 3, 4, 5, 6}, 3);
  EXPECT_EQ(matrix.rows(), 2U);
  EXPECT_EQ(matrix.row(1)[0], 4);
  EXPECT_EQ(EmbeddingMatrix(std::vector<float>(), 0).rows(), 0U);
  EXPECT_EQ(EmbeddingMatrix(std::vector<float>(), 7), EmbeddingMatrix(0, 7));
}

TEST(EmbeddingMatrix, GrowsByRows) {
  EmbeddingMatrix matrix(0, 2);
  matrix.append(std::vector<float>{1, 2});
  matrix.append(std::vector<float>{3, 4});
  EXPECT_EQ(matrix, EmbeddingMatrix({1, 2, 3, 4}, 2));
  EmbeddingMatrix of_any;
  of_any.append(std::vector<float>{1, 2});
  EXPECT_EQ(of_any, EmbeddingMatrix({1, 2}, 2));
}

TEST(EmbeddingMatrix, ComparesShapeAndNumbers) {
  EmbeddingMatrix a(1, 2);
  EXPECT_EQ(a, EmbeddingMatrix(1, 2));
  EXPECT_NE(a, EmbeddingMatrix(2, 1));
  a.row(0)[1] = 1;
  EXPECT_NE(a, EmbeddingMatrix(1, 2));
}

}  // namespace
}  // namespace mi2
