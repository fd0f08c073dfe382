#include "image/transpose.hpp"

#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace mi2::image {
namespace {

/// With gaps between lines, which must stay as they are.
void expect_transposed(std::size_t lines, std::size_t pixels, std::size_t channels) {
  constexpr std::size_t kGap = 2;
  std::mt19937 random(3);
  const std::size_t from_stride = pixels * channels + kGap;
  const std::size_t to_stride = lines * channels + kGap;
  std::vector<std::uint8_t> from(from_stride * lines - kGap);
  for (std::uint8_t& byte : from) byte = static_cast<std::uint8_t>(random());
  std::vector<std::uint8_t> to(to_stride * pixels - kGap, 77);
  std::vector<std::uint8_t> expected = to;
  for (std::size_t j = 0; j < lines; ++j) {
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t c = 0; c < channels; ++c) {
        expected[i * to_stride + j * channels + c] = from[j * from_stride + i * channels + c];
      }
    }
  }
  transpose({from.data(), from_stride}, {to.data(), to_stride}, lines, pixels, channels);
  ASSERT_EQ(to, expected) << lines << " lines of " << pixels << " pixels, " << channels << " channels";
}

TEST(Transpose, MovesEveryPixelAndNothingElse) {
  for (const std::size_t channels : {1, 2, 3, 4}) {
    for (const std::size_t lines : {1, 2, 15, 16, 17, 64, 100}) {
      for (const std::size_t pixels : {1, 3, 16, 31, 48, 129}) expect_transposed(lines, pixels, channels);
    }
  }
}

}  // namespace
}  // namespace mi2::image
