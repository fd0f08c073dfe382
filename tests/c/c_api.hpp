#pragma once
// What tests of the C API share: the starter model, opened by it and by the C++ API.

#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/matrix.hpp"
#include "support/paths.hpp"

#include <mi2/mi2.h>
#include <mi2/mi2.hpp>

namespace mi2::test {

inline const std::string kModel = starter_model().string();
inline const std::string kImage = (golden_data() / "images" / "tiny_upscaled.png").string();
inline const std::string kOther = (golden_data() / "images" / "grey.jpg").string();

inline const mi2::Embedder& reference() {
  static const mi2::Embedder embedder = mi2::Embedder::open(kModel);
  return embedder;
}

class CApi : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_EQ(mi2_open(kModel.c_str(), nullptr, &embedder), MI2_OK) << mi2_last_error(); }
  static void TearDownTestSuite() { mi2_close(embedder); }

  /// Runs one of the embed functions for `count` inputs, which must succeed.
  template <typename Call>
  static std::vector<Embedding> rows_of(std::size_t count, const Call& call) {
    const std::size_t dimensions = mi2_dimensions(embedder);
    std::vector<float> vectors(count * dimensions);
    EXPECT_EQ(call(vectors.data(), vectors.size()), MI2_OK) << mi2_last_error();
    std::vector<Embedding> rows;
    for (std::size_t i = 0; i < count; ++i) {
      const float* row = vectors.data() + i * dimensions;
      rows.emplace_back(row, row + dimensions);
    }
    return rows;
  }

  static inline mi2_embedder* embedder = nullptr;
};

inline std::vector<Embedding> expected_images() {
  const std::vector<mi2::Pixels> pixels{reference().prepare_file(kImage), reference().prepare_file(kOther)};
  return rows_of(reference().embed_images(pixels));
}

}  // namespace mi2::test
