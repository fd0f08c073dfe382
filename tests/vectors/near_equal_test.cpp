// Rows that are all but one image, found across parts.

#include <cstddef>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "vectors/near_equal.hpp"

namespace mi2::vectors {
namespace {

constexpr std::size_t kDimensions = 48;

std::vector<float> random_row(std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> row(kDimensions);
  for (float& value : row) value = normal(random);
  return row;
}

/// Patients of `times` rows each that differ by a little noise, one class.
EmbeddingMatrix patients(std::size_t count, std::size_t times, float noise) {
  std::mt19937 random(8);
  EmbeddingMatrix rows(0, kDimensions);
  for (std::size_t p = 0; p < count; ++p) {
    const std::vector<float> own = random_row(random);
    for (std::size_t i = 0; i < times; ++i) {
      std::vector<float> row = random_row(random);
      for (std::size_t d = 0; d < kDimensions; ++d) row[d] = own[d] + noise * row[d];
      rows.append(row);
    }
  }
  return rows;
}

TEST(NearEqual, RowsOfAPatientInTwoPartsAreFoundAndOthersAreNot) {
  const EmbeddingMatrix rows = patients(30, 4, 0.05F);
  const std::vector<std::size_t> classes(rows.rows(), 0);
  const double distance = near_distance(rows, classes);
  std::vector<std::size_t> by_row;
  std::vector<std::size_t> by_patient;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    by_row.push_back(r % 2);
    by_patient.push_back(r / 4 % 2);
  }
  EXPECT_EQ(near_equal_across(rows, by_row, {}, distance, 1).found, rows.rows());
  EXPECT_EQ(near_equal_across(rows, by_patient, {}, distance, 1).found, 0U);
}

TEST(NearEqual, RowsOfTheirOwnAreNotFound) {
  const EmbeddingMatrix rows = patients(300, 1, 1);
  const std::vector<std::size_t> classes(rows.rows(), 0);
  std::vector<std::size_t> parts;
  for (std::size_t r = 0; r < rows.rows(); ++r) parts.push_back(r % 5);
  EXPECT_EQ(near_equal_across(rows, parts, {}, near_distance(rows, classes), 1).found, 0U);
}

TEST(NearEqual, OnlyWantedRowsAreLookedAtAndZeroVectorsAreLeftOut) {
  EmbeddingMatrix rows = patients(2, 2, 0.01F);
  rows.append(std::vector<float>(kDimensions));
  rows.append(std::vector<float>(kDimensions));
  const std::vector<std::size_t> parts{0, 1, 0, 1, 0, 1};
  const std::vector<unsigned char> wanted{0, 1, 0, 0, 0, 1};
  const std::vector<std::size_t> classes{0, 0, 0, 0, 1, 1};
  const NearEqual found = near_equal_across(rows, parts, wanted, near_distance(rows, classes), 1);
  EXPECT_EQ(found.looked_at, 1U);
  EXPECT_EQ(found.found, 1U);
}

TEST(NearEqual, WithoutTwoRowsOfAClassOnlyWhatIsEqualIsNear) {
  const EmbeddingMatrix rows = patients(2, 1, 1);
  EXPECT_EQ(near_distance(rows, std::vector<std::size_t>{0, 1}), kAlwaysNear);
}

}  // namespace
}  // namespace mi2::vectors
