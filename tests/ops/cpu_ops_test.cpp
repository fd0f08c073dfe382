// Every op of the CPU engine against the oracle, on every engine this machine can run.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <ostream>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "ops/cpu/cpu_ops.hpp"
#include "ops/reference/reference_ops.hpp"
#include "ops/support.hpp"

namespace mi2::ops {
namespace {

using test::copy_of;
using test::difference;
using test::Random;

/// An engine and what its rounding allows. f32 sums of up to a few thousand unit-variance terms err by some 1e-6;
/// bf16 keeps 8 bits of each weight, and with bf16 activations of each input: relative 2^-9 each. Bytes keep 1/255 of a
/// row's range of some 8 deviations. Two bfloat16 keep 16 bits, and the product of the two small parts is left out.
struct Engine {
  std::string name;
  CpuOps::Options options;
  double tolerance;

  friend std::ostream& operator<<(std::ostream& out, const Engine& engine) { return out << engine.name; }
};

std::vector<Engine> engines() {
  std::vector<Engine> list;
  for (const cpu::Isa isa : cpu::kIsas) {
    if (isa > cpu::choose_isa()) continue;
    CpuOps::Options native;
    native.isa = isa;
    native.matmul = MatMulEngine::kNative;
    native.threads = 2;
    const std::string name(name_of(isa));
    list.push_back({"f32_" + name, native, 1e-5});
    native.precision = Precision::kInt8;
    list.push_back({"int8_" + name, native, 1.5e-1});
    native.precision = Precision::kBF16x3;
    if (isa >= cpu::Isa::kAvx512Bf16) list.push_back({"bf16x3_" + name, native, 2e-4});
    native.precision = Precision::kBF16;
    list.push_back({"bf16_" + name, native, isa >= cpu::Isa::kAvx512Bf16 ? 8e-2 : 3e-2});
    native.force_activations = true;
    native.activations = tensor::DType::kBF16;
    list.push_back({"bf16_activations_" + name, native, 8e-2});
  }
  CpuOps::Options onednn;
  onednn.matmul = MatMulEngine::kOneDnn;
  onednn.threads = 2;
  list.push_back({"onednn_f32", onednn, 1e-5});
  onednn.precision = Precision::kBF16;
  list.push_back({"onednn_bf16", onednn, 8e-2});
  return list;
}

class CpuOpsTest : public testing::TestWithParam<Engine> {
 protected:
  CpuOps cpu{GetParam().options};
  ReferenceOps reference;
  Random random;
  double tolerance = GetParam().tolerance;
};

TEST_P(CpuOpsTest, LinearMatchesForManyShapesAndActivations) {
  for (const auto [rows, in, out] : std::vector<std::array<int, 3>>{{1, 1, 1},
                                                                    {1, 64, 64},
                                                                    {5, 7, 3},
                                                                    {6, 16, 16},
                                                                    {7, 33, 17},
                                                                    {13, 147, 32},
                                                                    {77, 64, 192},
                                                                    {100, 400, 30},
                                                                    {193, 96, 96},
                                                                    {385, 128, 40},
                                                                    {1000, 64, 24},
                                                                    {3, 1000, 50},
                                                                    {200, 2304, 20}}) {
    const tensor::Tensor x = random.tensor({rows, in});
    const Parameter weight = random.matrix(out, in);
    const Parameter bias = random.parameter({out}, 0.1F);
    for (const Activation activation : {Activation::kNone, Activation::kGelu, Activation::kQuickGelu}) {
      const tensor::Tensor y = cpu.linear(x, cpu.make_linear(weight, bias, Layout::kOutIn), activation);
      const tensor::Tensor want = reference.linear(x, reference.make_linear(weight, bias, Layout::kOutIn), activation);
      EXPECT_LE(difference(y, want), tolerance) << rows << " x " << in << " x " << out;
    }
  }
}

// So deep that a block of rows outgrows the cache, and the depth is added up in pieces.
TEST_P(CpuOpsTest, ARowHasTheSameBitsHoweverManyRowsThereAre) {
  if (GetParam().options.matmul == MatMulEngine::kOneDnn) GTEST_SKIP() << "oneDNN chooses by the shape";
  constexpr int kRows = 490;
  constexpr int kIn = 8192;
  constexpr int kOut = 24;
  const auto linear = cpu.make_linear(random.matrix(kOut, kIn), random.parameter({kOut}), Layout::kOutIn);
  tensor::Tensor x = random.tensor({kRows, kIn});
  tensor::Tensor together = cpu.add_linear(random.tensor({kRows, kOut}, 0.0F), x, linear, 0.0F);
  for (const int row : {0, 111, 112, 479, kRows - 1}) {
    tensor::Tensor one({1, kIn});
    std::ranges::copy(x.floats().subspan(static_cast<std::size_t>(row) * kIn, kIn), one.floats().begin());
    tensor::Tensor alone = cpu.add_linear(random.tensor({1, kOut}, 0.0F), one, linear, 0.0F);
    EXPECT_TRUE(
        std::ranges::equal(alone.floats(), together.floats().subspan(static_cast<std::size_t>(row) * kOut, kOut)))
        << row;
  }
}

TEST_P(CpuOpsTest, RowsThatAreSpacedGiveTheBitsOfDenseOnes) {
  constexpr int kWidth = 256;
  const tensor::Tensor dense = random.tensor({2, 6, 7, kWidth});
  const tensor::Tensor apart = test::spaced(dense);
  ASSERT_FALSE(apart.dense());
  const auto expect_same = [](const tensor::Tensor& a, const tensor::Tensor& b, const char* op) {
    EXPECT_EQ(test::values_of(a), test::values_of(b)) << op;
  };
  const auto norm = cpu.make_norm(random.parameter({kWidth}), random.parameter({kWidth}), 1e-5F);
  const auto wide = cpu.make_linear(random.matrix(3 * kWidth, kWidth), random.parameter({3 * kWidth}), Layout::kOutIn);
  const auto back = cpu.make_linear(random.matrix(kWidth, 3 * kWidth), random.parameter({kWidth}), Layout::kOutIn);
  const auto conv = cpu.make_conv(random.parameter({32, kWidth, 3, 3}, 0.1F), random.parameter({32}), {3, 2, 1});
  const auto depthwise = cpu.make_depthwise_conv(random.parameter({kWidth, 1, 3, 3}), random.parameter({kWidth}));
  expect_same(cpu.to_host(apart), dense, "to_host");
  EXPECT_TRUE(cpu.to_host(apart).dense());
  expect_same(cpu.linear(apart, wide, Activation::kGelu), cpu.linear(dense, wide, Activation::kGelu), "linear");
  expect_same(cpu.layer_norm(apart, norm), cpu.layer_norm(dense, norm), "layer_norm");
  expect_same(cpu.l2_normalize(apart), cpu.l2_normalize(dense), "l2_normalize");
  expect_same(cpu.conv(apart, conv), cpu.conv(dense, conv), "conv");
  expect_same(cpu.mean_tokens(apart), cpu.mean_tokens(dense), "mean_tokens");
  expect_same(cpu.add_depthwise_conv3x3(apart, depthwise), cpu.add_depthwise_conv3x3(dense, depthwise), "depthwise");
  expect_same(cpu.add_mlp(apart, norm, wide, back, Activation::kGelu, 0.0F),
              cpu.add_mlp(dense, norm, wide, back, Activation::kGelu, 0.0F), "add_mlp");
  const tensor::Tensor qkv = random.tensor({2, 6, 7, 3 * kWidth});
  expect_same(cpu.window_attention(test::spaced(qkv), wide, 8, 4), cpu.window_attention(qkv, wide, 8, 4), "window");
  expect_same(cpu.channel_attention(test::spaced(qkv), 8), cpu.channel_attention(qkv, 8), "channel");
  // A residual of either kind: one that others hold too is copied, one's own is added to where it lies.
  const tensor::Tensor branch = cpu.norm_linear(dense, norm, wide, Activation::kNone);
  expect_same(cpu.add_linear(test::spaced(dense), branch, back, 0.0F), cpu.add_linear(dense, branch, back, 0.0F),
              "add_linear");
}

TEST_P(CpuOpsTest, ProjectionReadsTheOtherLayoutAndHasNoBias) {
  const tensor::Tensor x = random.tensor({9, 70});
  const Parameter weight = random.parameter({70, 37}, 0.1F);
  const tensor::Tensor y = cpu.linear(x, cpu.make_linear(weight, std::nullopt, Layout::kInOut), Activation::kNone);
  const tensor::Tensor want =
      reference.linear(x, reference.make_linear(weight, std::nullopt, Layout::kInOut), Activation::kNone);
  EXPECT_LE(difference(y, want), tolerance);
}

TEST_P(CpuOpsTest, NormLinearMatchesForRowsFarFromZero) {
  for (const auto [rows, in, out] :
       std::vector<std::array<int, 3>>{{1, 32, 96}, {30, 96, 50}, {250, 256, 33}, {10, 1024, 64}}) {
    tensor::Tensor x = random.tensor({rows, in}, 3.0F);
    for (float& value : x.floats()) value += 10.0F;
    const Parameter scale = random.parameter({in}, 0.1F, 1.0F);
    const Parameter shift = random.parameter({in}, 0.1F);
    const Parameter weight = random.matrix(out, in);
    const Parameter bias = random.parameter({out}, 0.1F);
    const tensor::Tensor y = cpu.norm_linear(x, cpu.make_norm(scale, shift, 1e-5F),
                                             cpu.make_linear(weight, bias, Layout::kOutIn), Activation::kGelu);
    const tensor::Tensor want =
        reference.norm_linear(x, reference.make_norm(scale, shift, 1e-5F),
                              reference.make_linear(weight, bias, Layout::kOutIn), Activation::kGelu);
    EXPECT_LE(difference(y, want), tolerance) << rows << " x " << in << " x " << out;
  }
}

TEST_P(CpuOpsTest, AddLinearAddsToTheResidualAndLeavesASharedOneAlone) {
  const tensor::Tensor x = random.tensor({40, 400});
  const tensor::Tensor residual = random.tensor({40, 100});
  const tensor::Tensor before = copy_of(residual);
  const Parameter weight = random.matrix(100, 400);
  const Parameter bias = random.parameter({100});
  const auto linear = cpu.make_linear(weight, bias, Layout::kOutIn);
  const tensor::Tensor want =
      reference.add_linear(residual, x, reference.make_linear(weight, bias, Layout::kOutIn), 0.0F);
  EXPECT_LE(difference(cpu.add_linear(residual, x, linear, 0.0F), want), tolerance);
  EXPECT_EQ(difference(residual, before), 0.0);
  EXPECT_LE(difference(cpu.add_linear(copy_of(residual), x, linear, 0.0F), want), tolerance);
}

TEST_P(CpuOpsTest, LayerNormMatchesAtEveryWidthWithAndWithoutASharedInput) {
  for (const int width : {3, 8, 32, 64, 96, 100, 1024}) {
    const tensor::Tensor x = random.tensor({17, width}, 2.0F);
    const Parameter scale = random.parameter({width}, 0.1F, 1.0F);
    const Parameter shift = random.parameter({width}, 0.1F);
    const tensor::Tensor want = reference.layer_norm(x, reference.make_norm(scale, shift, 1e-12F));
    const auto norm = cpu.make_norm(scale, shift, 1e-12F);
    // Norms are computed in f32 by every engine.
    EXPECT_LE(difference(cpu.layer_norm(x, norm), want), 5e-6) << width;
    EXPECT_LE(difference(cpu.layer_norm(copy_of(x), norm), want), 5e-6) << width;
  }
}

TEST_P(CpuOpsTest, ConvMatchesForTheKernelsOfPatchEmbeddings) {
  for (const auto [height, width, in, out, kernel, stride, padding] :
       std::vector<std::array<int, 7>>{{24, 20, 3, 32, 7, 4, 3},
                                       {9, 11, 16, 24, 3, 2, 1},
                                       {5, 5, 64, 70, 3, 2, 1},
                                       {1, 1, 8, 8, 3, 2, 1},
                                       {6, 4, 5, 7, 2, 2, 0}}) {
    const tensor::Tensor x = random.tensor({2, height, width, in});
    const Parameter weight =
        random.parameter({out, in, kernel, kernel}, 1.0F / std::sqrt(static_cast<float>(in * kernel * kernel)));
    const Parameter bias = random.parameter({out}, 0.1F);
    const ConvGeometry geometry{kernel, stride, padding};
    const tensor::Tensor y = cpu.conv(x, cpu.make_conv(weight, bias, geometry));
    EXPECT_LE(difference(y, reference.conv(x, reference.make_conv(weight, bias, geometry))), tolerance)
        << height << " x " << width << " x " << in;
  }
}

TEST_P(CpuOpsTest, DepthwiseMatchesAtBordersAndOddWidths) {
  for (const auto [height, width, channels] :
       std::vector<std::array<int, 3>>{{1, 1, 8}, {1, 5, 32}, {7, 1, 12}, {6, 9, 64}, {15, 15, 33}}) {
    const tensor::Tensor x = random.tensor({2, height, width, channels});
    const Parameter weight = random.parameter({channels, 1, 3, 3}, 0.3F);
    const Parameter bias = random.parameter({channels}, 0.1F);
    const tensor::Tensor y = cpu.add_depthwise_conv3x3(x, cpu.make_depthwise_conv(weight, bias));
    // Ten terms in f32, weights kept in f32 by every engine.
    EXPECT_LE(difference(y, reference.add_depthwise_conv3x3(x, reference.make_depthwise_conv(weight, bias))), 3e-6);
  }
}

TEST_P(CpuOpsTest, WindowAttentionMatchesWithAndWithoutPadding) {
  for (const auto [height, width, channels, heads, window] : std::vector<std::array<int, 5>>{{12, 12, 32, 2, 12},
                                                                                             {24, 12, 64, 2, 12},
                                                                                             {15, 15, 32, 1, 12},
                                                                                             {1, 1, 16, 1, 8},
                                                                                             {5, 9, 48, 4, 4},
                                                                                             {8, 8, 40, 5, 8},
                                                                                             {30, 7, 24, 1, 12}}) {
    const tensor::Tensor qkv = random.tensor({2, height, width, 3 * channels});
    const Parameter weight = random.matrix(3 * channels, channels);
    const Parameter bias = random.parameter({3 * channels});
    const tensor::Tensor y = cpu.window_attention(qkv, cpu.make_linear(weight, bias, Layout::kOutIn), heads, window);
    const tensor::Tensor want =
        reference.window_attention(qkv, reference.make_linear(weight, bias, Layout::kOutIn), heads, window);
    // f32 inputs stay f32 in every engine.
    EXPECT_LE(difference(y, want), 5e-6) << height << " x " << width << " window " << window;
  }
}

TEST_P(CpuOpsTest, ChannelAttentionMatchesForManyTokensAndOddGroups) {
  for (const auto [height, width, channels, groups] : std::vector<std::array<int, 4>>{
           {1, 1, 16, 1}, {4, 4, 32, 2}, {30, 30, 64, 2}, {17, 16, 48, 4}, {3, 5, 40, 1}, {60, 60, 16, 1}}) {
    const tensor::Tensor qkv = random.tensor({2, height, width, 3 * channels});
    EXPECT_LE(difference(cpu.channel_attention(qkv, groups), reference.channel_attention(qkv, groups)), 1e-5)
        << height << " x " << width << " x " << channels;
  }
}

TEST_P(CpuOpsTest, SelfAttentionKeepsTextsApart) {
  const TokenBatch tokens = random.texts({2, 77, 1, 16, 30});
  for (const auto [channels, heads] : std::vector<std::array<int, 2>>{{64, 4}, {96, 4}, {40, 1}}) {
    const tensor::Tensor qkv = random.tensor({static_cast<std::int64_t>(tokens.ids.size()), 3 * channels});
    EXPECT_LE(difference(cpu.self_attention(qkv, tokens, heads), reference.self_attention(qkv, tokens, heads)), 5e-6);
  }
}

TEST_P(CpuOpsTest, AttentionReadsBfloat16AsItStands) {
  const tensor::Tensor wide = random.tensor({1, 9, 9, 96});
  tensor::Tensor narrow(wide.shape(), tensor::DType::kBF16);
  for (std::int64_t i = 0; i < wide.shape().count(); ++i)
    narrow.data<tensor::BFloat16>()[i] = tensor::BFloat16(wide.data<float>()[i]);
  tensor::Tensor rounded(wide.shape());
  std::ranges::copy(test::values_of(narrow), rounded.data<float>());
  // The result is rounded to bfloat16: half a unit in the last of 8 bits of values below 4.
  EXPECT_LE(difference(cpu.channel_attention(narrow, 2), reference.channel_attention(rounded, 2)), 8e-3);
  const Parameter weight = random.matrix(96, 32);
  const Parameter bias = random.parameter({96});
  EXPECT_LE(difference(cpu.window_attention(narrow, cpu.make_linear(weight, bias, Layout::kOutIn), 2, 4),
                       reference.window_attention(rounded, reference.make_linear(weight, bias, Layout::kOutIn), 2, 4)),
            1.6e-2);
}

TEST_P(CpuOpsTest, TextEndsAndMeansAndUnitVectorsMatch) {
  const TokenBatch tokens = random.texts({3, 1, 20});
  const Parameter table = random.parameter({61, 24});
  const Parameter positions = random.parameter({32, 24});
  const tensor::Tensor x = cpu.embed_tokens(tokens, cpu.make_embedding(table), cpu.make_embedding(positions));
  const tensor::Tensor want =
      reference.embed_tokens(tokens, reference.make_embedding(table), reference.make_embedding(positions));
  EXPECT_LE(difference(x, want), tolerance);
  EXPECT_EQ(difference(cpu.take_ends(want, tokens), reference.take_ends(want, tokens)), 0.0);
  EXPECT_LE(difference(cpu.l2_normalize(want), reference.l2_normalize(want)), 1e-7);
  const tensor::Tensor grid = random.tensor({2, 5, 7, 24});
  EXPECT_LE(difference(cpu.mean_tokens(grid), reference.mean_tokens(grid)), 1e-7);
}

TEST_P(CpuOpsTest, ThreadsDoNotChangeABit) {
  const tensor::Tensor x = random.tensor({2, 20, 20, 64});
  const Parameter weight = random.matrix(192, 64);
  const Parameter bias = random.parameter({192});
  const Parameter one = random.parameter({64}, 0.1F, 1.0F);
  const Parameter square = random.matrix(64, 64);
  tensor::Tensor first;
  for (const unsigned threads : {1U, 2U, 3U, 8U}) {
    CpuOps::Options options = GetParam().options;
    options.threads = threads;
    CpuOps ops(options);
    const auto linear = ops.make_linear(weight, bias, Layout::kOutIn);
    const tensor::Tensor qkv = ops.norm_linear(x, ops.make_norm(one, one, 1e-5F), linear, Activation::kNone);
    const tensor::Tensor spatial = ops.window_attention(qkv, linear, 2, 12);
    tensor::Tensor residual(spatial.shape());
    std::ranges::copy(test::values_of(ops.channel_attention(qkv, 2)), residual.data<float>());
    const tensor::Tensor y =
        ops.add_linear(std::move(residual), spatial, ops.make_linear(square, one, Layout::kOutIn), 0.0F);
    if (first.empty()) first = y;
    // oneDNN may choose another kernel for another number of rows; ours may not.
    EXPECT_LE(difference(y, first), GetParam().options.matmul == MatMulEngine::kNative ? 0.0 : tolerance) << threads;
  }
}

/// Of all numbers of a row.
bool none_finite(std::span<const float> row) {
  return std::ranges::none_of(row, [](float value) { return std::isfinite(value); });
}
bool all_finite(std::span<const float> row) {
  return std::ranges::all_of(row, [](float value) { return std::isfinite(value); });
}

TEST_P(CpuOpsTest, ANumberThatIsNotFiniteSpoilsItsRowOfAProductAndNoOther) {
  const CpuOps::Linear layer = cpu.make_linear(random.matrix(40, 70), random.parameter({40}), Layout::kOutIn);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity}) {
    for (const std::int64_t column : {0, 5, 63, 69}) {
      tensor::Tensor x = random.tensor({3, 70});
      x.data<float>()[70 + column] = bad;
      const std::vector<float> y = test::values_of(cpu.linear(x, layer, Activation::kNone));
      EXPECT_TRUE(none_finite(std::span(y).subspan(40, 40))) << bad << " at " << column;
      EXPECT_TRUE(all_finite(std::span(y).first(40))) << bad << " at " << column;
      EXPECT_TRUE(all_finite(std::span(y).last(40))) << bad << " at " << column;
    }
  }
}

TEST_P(CpuOpsTest, ANaNComesThroughNormsAndActivations) {
  tensor::Tensor x = random.tensor({2, 64});
  x.data<float>()[64 + 3] = std::numeric_limits<float>::quiet_NaN();
  const Parameter one = random.parameter({64}, 0.1F, 1.0F);
  const CpuOps::Norm norm = cpu.make_norm(one, one, 1e-5F);
  const CpuOps::Linear first = cpu.make_linear(random.matrix(128, 64), random.parameter({128}), Layout::kOutIn);
  const CpuOps::Linear second = cpu.make_linear(random.matrix(64, 128), random.parameter({64}), Layout::kOutIn);
  for (const Activation activation : {Activation::kGelu, Activation::kQuickGelu}) {
    const std::vector<float> hidden = test::values_of(cpu.norm_linear(x, norm, first, activation));
    EXPECT_TRUE(all_finite(std::span(hidden).first(128)));
    EXPECT_TRUE(none_finite(std::span(hidden).last(128)));
    tensor::Tensor residual(x.shape());
    std::ranges::copy(x.floats(), residual.data<float>());
    const std::vector<float> y =
        test::values_of(cpu.add_mlp(std::move(residual), norm, first, second, activation, 0.0F));
    EXPECT_TRUE(all_finite(std::span(y).first(64)));
    EXPECT_TRUE(none_finite(std::span(y).last(64)));
  }
}

TEST_P(CpuOpsTest, AttentionWhoseScoresOverflowIsNotFinite) {
  std::vector<float> weights = random.matrix(3 * 64, 64).to_floats();
  for (std::size_t i = 0; i < 2 * 64 * 64; ++i) weights[i] *= 1e25F;  // of queries and keys: their product is infinite
  const Parameter weight{"w", {3 * 64, 64}, tensor::DType::kF32, weights.data(), nullptr};
  const auto layer = cpu.make_linear(weight, random.parameter({3 * 64}), Layout::kOutIn);
  const Parameter one = random.parameter({64}, 0.1F, 1.0F);
  const CpuOps::Norm norm = cpu.make_norm(one, one, 1e-5F);
  const auto project = [&](const tensor::Shape& shape) {
    return cpu.norm_linear(random.tensor(shape), norm, layer, Activation::kNone);
  };
  const tensor::Tensor grid = project({1, 8, 8, 64});  // whole windows: the key of padding is finite
  EXPECT_TRUE(none_finite(test::values_of(cpu.window_attention(grid, layer, 2, 4))));
  EXPECT_TRUE(none_finite(test::values_of(cpu.channel_attention(grid, 2))));
  const TokenBatch tokens = random.texts({5, 20});
  EXPECT_TRUE(none_finite(test::values_of(cpu.self_attention(project({25, 64}), tokens, 2))));
}

INSTANTIATE_TEST_SUITE_P(Engines, CpuOpsTest, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace mi2::ops
