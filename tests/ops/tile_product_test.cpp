// The text of the AMX products on emulated tile registers, against plain sums: checked on every machine.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "ops/cpu/kernels/words.hpp"
#include "ops/cpu/matmul/packed_weights.hpp"

namespace mi2::ops::cpu {
namespace {

using NarrowDot = F32Dot;
#include "ops/cpu/kernels/texts.hpp"

#include "ops/cpu/kernels/tile_product.hpp"

/// Eight registers of 16 rows of 64 bytes, as the processor has them.
struct Registers {
  static inline std::byte tile[8][16][64];
  static inline bool configured = false;
};

struct EmulatedTiles {
  static constexpr std::int64_t kRightChunk = 1024;
  static constexpr bool kSplit = false;
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
          sum += static_cast<float>(element<BFloat16>(kLeft, m, k)) *
                 static_cast<float>(element<BFloat16>(kRight, k / 2, 2 * n + k % 2));
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
  std::int64_t rows;
  std::int64_t depth;
  std::int64_t outputs;
  std::vector<float> left;
  std::vector<float> weight;
};

Sides random_sides(std::int64_t rows, std::int64_t depth, std::int64_t outputs) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  Sides s{rows, depth, outputs, std::vector<float>(rows * depth), std::vector<float>(outputs * depth)};
  for (float& x : s.left) x = normal(random);
  for (float& x : s.weight) x = normal(random);
  return s;
}

/// The product by `kernel`, with a bias, as native.cpp calls it: two panels at a time. @returns [rows, outputs].
std::vector<float> multiply(const ProductKernel& kernel, WeightFormat format, const Sides& s) {
  ThreadPool pool(1);
  const std::vector<float> bias(static_cast<std::size_t>(s.outputs), 0.5F);
  const WeightRows rows{s.depth, s.outputs, [&](std::int64_t first, std::int64_t count, float* to) {
                          std::copy_n(s.weight.data() + first * s.depth, count * s.depth, to);
                        }};
  const PackedWeights weights(portable_kernels(), pool, format, rows, bias);
  const PackedLayout& layout = weights.layout();
  const std::int64_t stride = layout.chunks * kernel.left_chunk;
  std::vector<std::byte> left(static_cast<std::size_t>((s.rows + 31) / 32 * 32 * stride));
  std::vector<float> scale(static_cast<std::size_t>(s.rows));
  std::vector<std::int32_t> zero(static_cast<std::size_t>(s.rows));
  for (std::int64_t r = 0; r < s.rows; ++r) {
    std::byte* to = left.data() + r * stride;
    const float* from = s.left.data() + r * s.depth;
    if (format == WeightFormat::kS8) {
      quantize(from, s.depth, reinterpret_cast<std::uint8_t*>(to), &scale[r], &zero[r]);
    } else if (format == WeightFormat::kBF16) {
      to_bf16(from, s.depth, reinterpret_cast<BFloat16*>(to));
    } else {
      for (std::int64_t k = 0; k < s.depth; k += 32, to += 128) {
        auto* large = reinterpret_cast<BFloat16*>(to);
        split_bf16(from + k, std::min<std::int64_t>(32, s.depth - k), large, large + 32);
      }
    }
  }
  std::vector<float> sums(static_cast<std::size_t>((s.rows + 31) / 32 * 32 * 32));
  std::vector<float> out(static_cast<std::size_t>(s.rows * s.outputs));
  for (std::int64_t p = 0; p < layout.panels; p += 2) {
    Finish end;
    end.columns = std::min<std::int64_t>(32, s.outputs - p * kPanel);
    if (format == WeightFormat::kS8) {
      end.row_scale = scale.data();
      end.row_zero = zero.data();
      end.column_scale = weights.scale() + p * kPanel;
      end.column_sum = weights.sum() + p * kPanel;
    }
    end.bias = weights.bias() + p * kPanel;
    end.out = out.data() + p * kPanel;
    end.out_stride = s.outputs;
    TileProduct product;
    product.left = left.data();
    product.left_stride = stride;
    product.right = weights.panel(p);
    product.right_stride = layout.panel_bytes;
    product.chunks = layout.chunks;
    product.rows = s.rows;
    product.panels = std::min<std::int64_t>(2, layout.panels - p);
    product.sums = sums.data();
    product.sums_stride = 32;
    product.finish = &end;
    kernel.multiply(product);
  }
  return out;
}

void expect_plain_sums(const ProductKernel& kernel, WeightFormat format, double tolerance) {
  for (const auto [rows, depth, outputs] : std::vector<std::array<int, 3>>{
           {1, 64, 16}, {16, 64, 32}, {17, 100, 33}, {33, 1100, 40}, {64, 2304, 48}, {112, 40, 7}}) {
    const Sides s = random_sides(rows, depth, outputs);
    const std::vector<float> y = multiply(kernel, format, s);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t n = 0; n < outputs; ++n) {
        double want = 0.5;
        for (std::int64_t k = 0; k < depth; ++k) {
          want += static_cast<double>(s.left[r * depth + k]) * s.weight[n * depth + k];
        }
        ASSERT_NEAR(y[r * outputs + n], want, tolerance * std::sqrt(depth))
            << rows << " x " << depth << " x " << outputs << " at " << r << ", " << n;
      }
    }
  }
}

// bf16 keeps 8 bits of each factor: 2^-9 each, of the root of the depth's sum of squares, times five deviations.
TEST(TileProduct, Bf16IsTheProductOfRoundedSides) {
  expect_plain_sums(tile_kernel<EmulatedBf16>(Operand::kBF16, 32), WeightFormat::kBF16, 2e-2);
}

// Two parts keep 16 bits; the product of the two small parts, 2^-18, is left out.
TEST(TileProduct, SplitIsExactToSixteenBits) {
  expect_plain_sums(tile_kernel<EmulatedSplit>(Operand::kSplit, 32), WeightFormat::kSplit, 1e-4);
}

// Bytes: 1/255 of a range of some eight deviations, half a step at most, in each factor.
TEST(TileProduct, BytesAreTheProductOfQuantisedSides) {
  expect_plain_sums(tile_kernel<EmulatedS8>(Operand::kU8, 64), WeightFormat::kS8, 8e-2);
}

}  // namespace
}  // namespace mi2::ops::cpu
