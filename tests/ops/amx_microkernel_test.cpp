// The text of the AMX products on emulated tile registers, against plain sums: checked on every machine.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "ops/cpu/kernels/simd.hpp"
#include "ops/cpu/matmul/matmul.hpp"

namespace mi2::ops::cpu {
namespace {

#include "ops/cpu/kernels/all_kernels.hpp"

#include "ops/cpu/kernels/amx_microkernel.hpp"

/// A thread's eight registers of 16 rows of 64 bytes, as the processor has them.
struct Registers {
  static inline thread_local std::byte tile[8][16][64];
  static inline thread_local bool configured = false;
};

struct EmulatedTiles {
  static constexpr std::int64_t kRightChunk = 1024;
  static constexpr bool kSplit = false;
  static constexpr bool kBytes = false;
  static void configure() { Registers::configured = true; }
  static void release() { Registers::configured = false; }
  template <int kTile>
  static void zero() {
    EXPECT_TRUE(Registers::configured);
    std::memset(Registers::tile[kTile], 0, 1024);
  }
  template <int kTile>
  static void load(const void* from, std::int64_t stride) {
    EXPECT_TRUE(Registers::configured);
    for (int r = 0; r < 16; ++r) {
      std::memcpy(Registers::tile[kTile][r], static_cast<const std::byte*>(from) + r * stride, 64);
    }
  }
  template <int kTile>
  static void stream(const void* from, std::int64_t stride) {
    load<kTile>(from, stride);
  }
  template <int kTile>
  static void store(void* to, std::int64_t stride) {
    for (int r = 0; r < 16; ++r) {
      std::memcpy(static_cast<std::byte*>(to) + r * stride, Registers::tile[kTile][r], 64);
    }
  }
};

template <typename T>
T element(int tile, int row, int at) {
  T x;
  std::memcpy(&x, Registers::tile[tile][row] + at * static_cast<int>(sizeof(T)), sizeof x);
  return x;
}
template <typename T>
void set_element(int tile, int row, int at, T x) {
  std::memcpy(Registers::tile[tile][row] + at * static_cast<int>(sizeof(T)), &x, sizeof x);
}

/// TDPBF16PS: sums[m][n] += over k: a[m][2k] b[k][2n] + a[m][2k + 1] b[k][2n + 1].
struct EmulatedBf16 : EmulatedTiles {
  template <int kSums, int kLeft, int kRight>
  static void dot() {
    for (int m = 0; m < 16; ++m) {
      for (int n = 0; n < 16; ++n) {
        float sum = element<float>(kSums, m, n);
        for (int k = 0; k < 32; ++k) {
          sum += static_cast<float>(element<tensor::BFloat16>(kLeft, m, k)) *
                 static_cast<float>(element<tensor::BFloat16>(kRight, k / 2, 2 * n + k % 2));
        }
        set_element(kSums, m, n, sum);
      }
    }
  }
};

struct EmulatedSplit : EmulatedBf16 {
  static constexpr std::int64_t kRightChunk = 2048;
  static constexpr bool kSplit = true;
};

/// TDPBUSD: unsigned bytes of the left by signed bytes of the right.
struct EmulatedS8 : EmulatedTiles {
  static constexpr bool kBytes = true;
  template <int kSums, int kLeft, int kRight>
  static void dot() {
    for (int m = 0; m < 16; ++m) {
      for (int n = 0; n < 16; ++n) {
        auto sum = element<std::int32_t>(kSums, m, n);
        for (int k = 0; k < 64; ++k) {
          sum += element<std::uint8_t>(kLeft, m, k) * element<std::int8_t>(kRight, k / 4, 4 * n + k % 4);
        }
        set_element(kSums, m, n, sum);
      }
    }
  }
};

struct Sides {
  std::int64_t depth;
  std::int64_t outputs;
  tensor::Tensor left;  ///< [rows, depth]
  std::vector<float> weight;
};

Sides random_sides(std::int64_t rows, std::int64_t depth, std::int64_t outputs) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  Sides s{depth, outputs, tensor::Tensor({rows, depth}), std::vector<float>(static_cast<std::size_t>(outputs * depth))};
  for (float& x : s.left.floats()) x = normal(random);
  for (float& x : s.weight) x = normal(random);
  return s;
}

/// The table that AMX would have, on emulated registers.
const Kernels& emulated_kernels() {
  static const Kernels kernels = table<TileProducts<EmulatedBf16>>(
      "emulated", product_kernel<F32Dot>(Operand::kF32, 16), tile_kernel<EmulatedBf16>(Operand::kBF16, 32),
      tile_kernel<EmulatedS8>(Operand::kU8, 64), tile_kernel<EmulatedSplit>(Operand::kSplit, 32));
  return kernels;
}

/// Kernels whose products with `format` are `product`'s.
Kernels with_tiles(WeightFormat format, const ProductKernel& product) {
  Kernels kernels = emulated_kernels();
  (format == WeightFormat::kBF16 ? kernels.bf16 : format == WeightFormat::kS8 ? kernels.s8 : kernels.split) = product;
  return kernels;
}

/// The products of some weights, with a bias of 1/2, as the engine calls the kernel, on two threads.
class TileMatMul {
 public:
  TileMatMul(WeightFormat format, const ProductKernel& product, const Sides& s)
      : kernels_(with_tiles(format, product)) {
    const std::vector<float> bias(static_cast<std::size_t>(s.outputs), 0.5F);
    const WeightRows rows{s.depth, s.outputs, [&](std::int64_t first, std::int64_t count, float* to) {
                            std::copy_n(s.weight.data() + first * s.depth, count * s.depth, to);
                          }};
    matmul_ = make_native_matmul(kernels_, PackedWeights(kernels_, pool_, format, rows, bias));
  }

  /// @param adds  to zeros: then a deep product may be made in pieces.
  tensor::Tensor multiply(const tensor::Tensor& left, bool adds) {
    tensor::Tensor out({left.shape()[0], matmul_->out()});
    std::ranges::fill(out.floats(), adds ? 0.0F : -1.0F);
    matmul_->multiply(pool_, PlainRows(kernels_, left),
                      {out.data<float>(), out.row_stride(), tensor::DType::kF32, adds, Activation::kNone});
    return out;
  }

 private:
  Kernels kernels_;
  base::ThreadPool pool_{2};
  std::unique_ptr<MatMul> matmul_;
};

/// [rows, outputs], with a bias of 1/2, summed in double.
std::vector<double> plain_sums(const Sides& s) {
  std::vector<double> sums;
  for (std::int64_t r = 0; r < s.left.shape()[0]; ++r) {
    const auto row = s.left.floats().subspan(r * s.depth, s.depth);
    for (auto weights = s.weight.begin(); weights != s.weight.end(); weights += s.depth) {
      sums.push_back(
          std::inner_product(row.begin(), row.end(), weights, 0.5, std::plus<>(), std::multiplies<double>()));
    }
  }
  return sums;
}

void expect_plain_sums(const ProductKernel& kernel, WeightFormat format, double tolerance) {
  for (const auto [rows, depth, outputs] : std::vector<std::array<int, 3>>{
           {1, 64, 16}, {16, 64, 32}, {17, 100, 33}, {33, 1100, 40}, {64, 2304, 48}, {1000, 40, 70}}) {
    const Sides s = random_sides(rows, depth, outputs);
    const std::vector<double> want = plain_sums(s);
    TileMatMul matmul(format, kernel, s);
    for (const bool adds : {false, true}) {
      const tensor::Tensor y = matmul.multiply(s.left, adds);
      for (std::size_t i = 0; i < want.size(); ++i) {
        ASSERT_NEAR(y.floats()[i], want[i], tolerance * std::sqrt(depth))
            << rows << " x " << depth << " x " << outputs << " at " << i;
      }
    }
  }
}

// So deep that the depth is added up in pieces, so many rows that there are several blocks.
TEST(AmxMicrokernel, ARowHasTheSameBitsHoweverManyRowsThereAre) {
  constexpr std::int64_t kDepth = 1400;
  constexpr std::int64_t kOutputs = 24;
  const Sides s = random_sides(970, kDepth, kOutputs);
  TileMatMul matmul(WeightFormat::kBF16, tile_kernel<EmulatedBf16>(Operand::kBF16, 32), s);
  const tensor::Tensor together = matmul.multiply(s.left, true);
  for (const std::int64_t row : {0, 479, 485, 969}) {
    tensor::Tensor one({1, kDepth});
    std::ranges::copy(s.left.floats().subspan(row * kDepth, kDepth), one.floats().begin());
    const tensor::Tensor alone = matmul.multiply(one, true);
    EXPECT_TRUE(std::ranges::equal(alone.floats(), together.floats().subspan(row * kOutputs, kOutputs))) << row;
  }
}

// bf16 keeps 8 bits of each factor: 2^-9 each, of the root of the depth's sum of squares, times five deviations.
TEST(AmxMicrokernel, Bf16IsTheProductOfRoundedSides) {
  expect_plain_sums(tile_kernel<EmulatedBf16>(Operand::kBF16, 32), WeightFormat::kBF16, 2e-2);
}

// Two parts keep 16 bits; the product of the two small parts, 2^-18, is left out.
TEST(AmxMicrokernel, SplitIsExactToSixteenBits) {
  expect_plain_sums(tile_kernel<EmulatedSplit>(Operand::kSplit, 32), WeightFormat::kSplit, 1e-4);
}

// Bytes: 1/255 of a range of some eight deviations, half a step at most, in each factor.
TEST(AmxMicrokernel, BytesAreTheProductOfQuantisedSides) {
  expect_plain_sums(tile_kernel<EmulatedS8>(Operand::kU8, 64), WeightFormat::kS8, 8e-2);
}

/// Rows of `width` random numbers, rounded to bfloat16.
std::vector<tensor::BFloat16> random_rows(std::int64_t rows, std::int64_t width, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<tensor::BFloat16> values(static_cast<std::size_t>(rows * width));
  for (tensor::BFloat16& x : values) x = tensor::BFloat16(normal(random));
  return values;
}

struct alignas(64) Line {
  std::byte bytes[64];
};
std::vector<Line> scratch(std::int64_t bytes) { return std::vector<Line>(static_cast<std::size_t>(bytes / 64 + 1)); }

/// The middle one of three heads, or groups, of `size` channels: rows hold q, k and v of all three.
template <typename Attention>
void take_middle(Attention& p, std::int64_t size) {
  p.query_at = size;
  p.key_at = 4 * size;
  p.value_at = 7 * size;
  p.size = size;
}

/// A head of `size` channels, in the middle of three, over so many queries and keys.
std::vector<tensor::BFloat16> attend_with(const Kernels& kernels, std::int64_t queries, std::int64_t keys,
                                          std::int64_t size) {
  const std::int64_t width = 9 * size;
  const std::vector<tensor::BFloat16> qkv = random_rows(std::max(queries, keys), width, 3);
  std::vector<tensor::BFloat16> out(static_cast<std::size_t>(queries * 3 * size));
  std::vector<const void*> rows;
  std::vector<void*> to;
  for (std::int64_t i = 0; i < std::max(queries, keys); ++i) rows.push_back(qkv.data() + i * width);
  for (std::int64_t i = 0; i < queries; ++i) to.push_back(out.data() + i * 3 * size);
  std::vector<Line> space = scratch(attend_scratch(queries, keys, size));
  Attend p;
  p.dtype = tensor::DType::kBF16;
  p.queries = rows.data();
  p.query_count = queries;
  p.keys = rows.data();
  p.key_count = keys;
  take_middle(p, size);
  p.scale = 1.0F / std::sqrt(static_cast<float>(size));
  p.last_key_logit = 1.5F;
  p.out = to.data();
  p.scratch = space.data()->bytes;
  kernels.attend(p);
  return out;
}

std::vector<tensor::BFloat16> attend_channels_with(const Kernels& kernels, std::int64_t tokens, std::int64_t size) {
  const std::int64_t width = 9 * size;
  const std::vector<tensor::BFloat16> qkv = random_rows(tokens, width, 4);
  std::vector<tensor::BFloat16> out(static_cast<std::size_t>(tokens * 3 * size));
  std::vector<Line> space = scratch(attend_channels_scratch(size));
  AttendChannels p;
  p.dtype = tensor::DType::kBF16;
  p.first = qkv.data();
  p.tokens = tokens;
  p.row = width;
  take_middle(p, size);
  p.scale = 1.0F / std::sqrt(static_cast<float>(tokens));
  p.out = out.data();
  p.out_row = 3 * size;
  p.scratch = space.data()->bytes;
  kernels.attend_channels(p);
  return out;
}

double largest_difference(const std::vector<tensor::BFloat16>& a, const std::vector<tensor::BFloat16>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double apart = std::abs(static_cast<double>(static_cast<float>(a[i])) - static_cast<float>(b[i]));
    if (!(apart <= worst)) worst = apart;
  }
  return worst;
}

// A processor takes a hundred cycles more for a denormal number, and a masked score is one of every row's.
TEST(AmxMicrokernel, PowersOfTwoForTheSoftmaxAreNeverDenormal) {
  for (const float x : {0.0F, -0.5F, -124.9F, -125.0F, -126.0F, -127.5F, -1e30F, kNever}) {
    const Floats e = rough_power_of_2(splat(x));
    EXPECT_EQ(std::fpclassify(e[0]), FP_NORMAL) << x;
    EXPECT_NEAR(e[0] / std::exp2(std::max(x, -125.0F)), 1, 1e-4) << x;
  }
}

// Softmax weights and results are rounded to bfloat16, 2^-9 of values of about one, where the portable kernels round
// results alone.
constexpr double kAttentionTolerance = 2e-2;

TEST(AmxMicrokernel, AHeadOnTilesAttendsAsThePortableOne) {
  for (const auto [queries, keys, size] : std::vector<std::array<int, 3>>{
           {144, 144, 32}, {12, 13, 32}, {77, 77, 64}, {1, 1, 32}, {16, 17, 20}, {33, 40, 48}, {40, 40, 100}}) {
    const auto tiles = attend_with(emulated_kernels(), queries, keys, size);
    EXPECT_LE(largest_difference(tiles, attend_with(portable_kernels(), queries, keys, size)), kAttentionTolerance)
        << queries << " queries, " << keys << " keys of " << size;
  }
}

TEST(AmxMicrokernel, AGroupOfChannelsOnTilesAttendsAsThePortableOne) {
  for (const auto [tokens, size] :
       std::vector<std::array<int, 2>>{{900, 32}, {256, 32}, {255, 32}, {1, 32}, {300, 20}, {270, 48}, {30, 100}}) {
    const auto tiles = attend_channels_with(emulated_kernels(), tokens, size);
    EXPECT_LE(largest_difference(tiles, attend_channels_with(portable_kernels(), tokens, size)), kAttentionTolerance)
        << tokens << " tokens, " << size << " channels";
  }
}

}  // namespace
}  // namespace mi2::ops::cpu
