// The inner loops of the resize: every instruction set that this machine has against the plain one.

#include "image/blend.hpp"

#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace mi2::image {
namespace {

std::int32_t signed_byte(std::uint32_t word, std::size_t i) {
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(word >> (8 * i)));
}

/// The least and the greatest weight, and what makes the parts carry.
std::vector<std::int32_t> awkward_weights() {
  return {0,       1,          -1,       127,    128,     129,    -128,        -129,
          255,     256,        32767,    32768,  -32768,  -32769, 8355711,     -8388608,
          1 << 22, -(1 << 22), 0x7F7F7F, 0x8080, -0x8081, 5,      4194304 - 1, 4194304 / 3};
}

TEST(BlendWeights, AsSignedBytesAddUpToThemselves) {
  const std::vector<std::int32_t> weights = awkward_weights();
  std::vector<std::uint32_t> words;
  pack_signed_bytes(weights, words);
  ASSERT_EQ(words.size(), (weights.size() + 3) / 4 * 3);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::uint32_t* group = words.data() + i / 4 * 3;
    EXPECT_EQ(signed_byte(group[0], i % 4) + 256 * signed_byte(group[1], i % 4) + 65536 * signed_byte(group[2], i % 4),
              weights[i]);
  }
}

TEST(BlendWeights, AsHalvesAddUpToThemselves) {
  std::vector<std::int32_t> weights = awkward_weights();
  weights.push_back(7);  // an odd number: the last has no partner
  std::vector<std::uint32_t> words;
  pack_halves(weights, words);
  ASSERT_EQ(words.size(), (weights.size() + 1) / 2 * 2);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const unsigned shift = i % 2 == 0 ? 0 : 16;
    const std::uint32_t low = words[i / 2 * 2] >> shift & 0xFFFFU;
    const auto high = static_cast<std::int16_t>(static_cast<std::uint16_t>(words[i / 2 * 2 + 1] >> shift));
    EXPECT_LT(low, 0x8000U);
    EXPECT_EQ(static_cast<std::int32_t>(low) + 32768 * high, weights[i]);
  }
}

std::vector<std::uint8_t> blended(const BlendKernel& kernel, const std::vector<std::int32_t>& weights,
                                  const std::vector<std::uint8_t>& in, std::size_t stride, std::size_t width) {
  std::vector<std::uint32_t> words;
  kernel.pack(weights, words);
  std::vector<std::uint8_t> out(width);
  kernel.blend({in.data(), stride, words.data(), static_cast<int>(weights.size()), out.data(), width});
  return out;
}

TEST(BlendKernels, GiveTheBytesOfThePlainOne) {
  std::mt19937 random(11);
  const auto below = [&random](std::size_t limit) { return random() % limit; };
  const auto kernels = blend_kernels();
  for (int round = 0; round < 3000; ++round) {
    const std::size_t width = 1 + below(round % 5 == 0 ? 400 : 130);
    const std::size_t stride = width + below(3);
    std::vector<std::int32_t> weights(1 + below(round % 7 == 0 ? 300 : 12));
    // As the resize has them, their sum about one; and any at all, so that sums are clipped on both sides.
    const auto share = static_cast<std::int32_t>((1 << kWeightBits) / static_cast<int>(weights.size()));
    for (std::int32_t& weight : weights) weight = share + static_cast<std::int32_t>(below(1 << 20)) - (1 << 19);
    // Not a byte more than there is, so that the sanitizer sees a read past the last row.
    std::vector<std::uint8_t> in(stride * (weights.size() - 1) + width);
    for (std::uint8_t& sample : in) sample = static_cast<std::uint8_t>(random());
    const std::vector<std::uint8_t> plain = blended(kernels.front(), weights, in, stride, width);
    for (const BlendKernel& kernel : kernels) {
      ASSERT_EQ(blended(kernel, weights, in, stride, width), plain)
          << kernel.name << ": " << weights.size() << " rows of " << width << " samples";
    }
  }
}

}  // namespace
}  // namespace mi2::image
