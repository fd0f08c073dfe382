// The comparison that parity tests rest on: what is not a number passes none of them.

#include <limits>

#include <gtest/gtest.h>

#include "support/distance.hpp"

namespace mi2::test {
namespace {

using Vector = std::vector<float>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

const Vector kRight{0.5F, -2.0F, 0.25F};

/// kRight with something else in each place.
Vectors spoilt(float value) {
  Vectors found(kRight.size(), kRight);
  for (std::size_t i = 0; i < kRight.size(); ++i) found[i][i] = value;
  return found;
}

TEST(Distance, IsTheLargestDifferenceWhateverItsSign) {
  EXPECT_EQ(worst_difference(kRight, kRight), 0);
  EXPECT_EQ(worst_difference(Vector{1, 2, 3}, Vector{1, 2.5F, 3.25F}), 0.5);
  EXPECT_EQ(worst_difference(Vector{1, 2, 3}, Vector{4, 2, 3}), 3);
  EXPECT_EQ(worst_difference(Vectors{{1, 2}, {3, 4}}, Vectors{{1, 2}, {3, 6}}), 2);
  EXPECT_EQ(relative_difference(Vector{1, 2}, Vector{1, -4}), 1.5);
}

TEST(Distance, OfWhatIsNotAFiniteNumberIsInfinite) {
  for (const float value : {kNaN, -kNaN, kInf, -kInf}) {
    for (const Vector& wrong : spoilt(value)) {
      EXPECT_EQ(worst_difference(wrong, kRight), kInfinity);
      EXPECT_EQ(worst_difference(kRight, wrong), kInfinity);
      EXPECT_EQ(worst_difference(wrong, wrong), kInfinity);
      EXPECT_EQ(worst_difference(Vectors{kRight, wrong}, Vectors{kRight, kRight}), kInfinity);
      EXPECT_EQ(worst_difference(Vectors{wrong, kRight}, Vectors{kRight, kRight}), kInfinity);
      EXPECT_EQ(relative_difference(wrong, kRight), kInfinity);
    }
  }
  EXPECT_EQ(worst_difference(Vector(3, kNaN), kRight), kInfinity);
}

TEST(Distance, OfDifferentLengthsOrOfNothingIsInfinite) {
  EXPECT_EQ(worst_difference(Vector{1, 2}, Vector{1, 2, 3}), kInfinity);
  EXPECT_EQ(worst_difference(Vector{1, 2, 3}, Vector{1, 2}), kInfinity);
  EXPECT_EQ(worst_difference(Vector{}, Vector{}), kInfinity);
  EXPECT_EQ(worst_difference(Vectors{kRight}, Vectors{kRight, kRight}), kInfinity);
  EXPECT_EQ(worst_difference(Vectors{{1, 2}, {3}}, Vectors{{1}, {2, 3}}), kInfinity);
  EXPECT_EQ(worst_difference(Vectors{}, Vectors{}), kInfinity);
  EXPECT_EQ(relative_difference(Vector{0}, Vector{0}), kInfinity);
}

TEST(Cosine, KnowsDirectionsAndNotLengths) {
  EXPECT_DOUBLE_EQ(cosine(Vector{3, 4}, Vector{6, 8}), 1);
  EXPECT_DOUBLE_EQ(cosine(Vector{3, 4}, Vector{-3, -4}), -1);
  EXPECT_DOUBLE_EQ(cosine(Vector{3, 4}, Vector{4, -3}), 0);
  EXPECT_DOUBLE_EQ(least_cosine(Vectors{{1, 0}, {0, 1}}, Vectors{{1, 0}, {1, 0}}), 0);
  EXPECT_DOUBLE_EQ(least_cosine(Vectors{{0, 1}, {1, 0}}, Vectors{{1, 0}, {1, 0}}), 0);
}

TEST(Cosine, OfWhatIsNotAFiniteNumberOrHasNoDirectionIsLeast) {
  for (const float value : {kNaN, -kNaN, kInf, -kInf}) {
    for (const Vector& wrong : spoilt(value)) {
      EXPECT_EQ(cosine(wrong, kRight), -kInfinity);
      EXPECT_EQ(cosine(kRight, wrong), -kInfinity);
      EXPECT_EQ(cosine(wrong, wrong), -kInfinity);
      EXPECT_EQ(least_cosine(Vectors{kRight, wrong}, Vectors{kRight, kRight}), -kInfinity);
      EXPECT_EQ(least_cosine(Vectors{wrong, kRight}, Vectors{kRight, kRight}), -kInfinity);
    }
  }
  EXPECT_EQ(cosine(Vector{0, 0}, Vector{3, 4}), -kInfinity);
  EXPECT_EQ(cosine(Vector{3, 4}, Vector{0, 0}), -kInfinity);
}

TEST(Cosine, OfDifferentLengthsOrOfNothingIsLeast) {
  EXPECT_EQ(cosine(Vector{1, 2}, Vector{1, 2, 3}), -kInfinity);
  EXPECT_EQ(cosine(Vector{}, Vector{}), -kInfinity);
  EXPECT_EQ(least_cosine(Vectors{kRight}, Vectors{kRight, kRight}), -kInfinity);
  EXPECT_EQ(least_cosine(Vectors{}, Vectors{}), -kInfinity);
}

}  // namespace
}  // namespace mi2::test
