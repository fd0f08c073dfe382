// The kernels' functions of one number, over their whole range, on every instruction set of this machine.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "ops/cpu/isa.hpp"

namespace mi2::ops::cpu {
namespace {

std::vector<const Kernels*> all_kernels() {
  std::vector<const Kernels*> list;
  for (const Isa isa : kIsas) {
    if (isa <= choose_isa()) list.push_back(&kernels_for(isa));
  }
  return list;
}

/// What scratch memory is made of, for its alignment.
struct alignas(64) Line {
  std::byte bytes[64];
};

/// Values as the sums of a product, which ends in the activation.
std::vector<float> activated(const Kernels& kernels, const std::vector<float>& x, Activation activation) {
  std::vector<float> sums = x;
  sums.resize(x.size() + kPanel);  // sums are filled up to whole panels
  std::vector<float> y(x.size());
  Epilogue p;
  p.sums = sums.data();
  p.rows = 1;
  p.columns = static_cast<std::int64_t>(x.size());
  p.activation = activation;
  p.out = y.data();
  kernels.epilogue(p);
  return y;
}

std::vector<float> range(float from, float to, int count) {
  std::vector<float> x;
  for (int i = 0; i <= count; ++i) x.push_back(from + (to - from) * static_cast<float>(i) / static_cast<float>(count));
  return x;
}

TEST(Kernels, GeluIsExactToFloatRoundingEverywhere) {
  for (const Kernels* kernels : all_kernels()) {
    const std::vector<float> x = range(-20, 20, 100000);
    const std::vector<float> y = activated(*kernels, x, Activation::kGelu);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double want = 0.5 * x[i] * (1 + std::erf(x[i] / std::sqrt(2.0)));
      // erf within 4e-7 relative, times x / 2; beyond 5.6 the lower tail is cut to 3e-8 * |x|.
      ASSERT_NEAR(y[i], want, 6e-7 + 2e-7 * std::abs(x[i])) << kernels->name << " x=" << x[i];
    }
  }
}

TEST(Kernels, QuickGeluHoldsFromTheFarthestTails) {
  for (const Kernels* kernels : all_kernels()) {
    for (const std::vector<float>& x : {range(-20, 20, 100000), std::vector<float>{-1e30F, -200, 200, 1e30F, 0}}) {
      const std::vector<float> y = activated(*kernels, x, Activation::kQuickGelu);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double want = x[i] / (1 + std::exp(-1.702 * x[i]));
        // Past e^88 the exponential stays there: what is left of x is below 1e-38 of it.
        ASSERT_NEAR(y[i], want, 1e-6 * std::max(1.0, std::abs(want)) + 1e-37 * std::abs(x[i]))
            << kernels->name << " x=" << x[i];
      }
    }
  }
}

// What is rounded to bfloat16 may be rough before: the last bit of a bfloat16 is worth 2^-8 of it.
TEST(Kernels, GeluIntoBfloat16IsWithinItsLastBitAnd5e5) {
  for (const Kernels* kernels : all_kernels()) {
    std::vector<float> x = range(-20, 20, 100000);
    x.resize(x.size() + kPanel);
    std::vector<tensor::BFloat16> y(x.size());
    Epilogue p;
    p.sums = x.data();
    p.rows = 1;
    p.columns = static_cast<std::int64_t>(x.size()) - kPanel;
    p.activation = Activation::kGelu;
    p.dtype = tensor::DType::kBF16;
    p.out = y.data();
    kernels->epilogue(p);
    for (std::int64_t i = 0; i < p.columns; ++i) {
      const double want = 0.5 * x[i] * (1 + std::erf(x[i] / std::sqrt(2.0)));
      ASSERT_NEAR(static_cast<float>(y[i]), want, 5e-5 * std::max(1.0F, std::abs(x[i])) + std::abs(want) / 256)
          << kernels->name << " x=" << x[i];
    }
  }
}

TEST(Kernels, QuantizeCoversTheRangeWithZeroExact) {
  for (const Kernels* kernels : all_kernels()) {
    for (const auto& [low, high] : std::vector<std::pair<float, float>>{{-1, 3}, {0, 5}, {-2, 0}, {1, 2}, {0, 0}}) {
      const std::vector<float> x = range(low, high, 100);
      std::vector<std::uint8_t> bytes(x.size());
      float scale = 0;
      std::int32_t zero = -1;
      kernels->quantize(x.data(), static_cast<std::int64_t>(x.size()), bytes.data(), &scale, &zero);
      EXPECT_GE(zero, 0);
      EXPECT_LE(zero, 255);
      for (std::size_t i = 0; i < x.size(); ++i) {
        // Half a step of rounding, and half of one of the zero's at the end of the range.
        ASSERT_NEAR(scale * static_cast<float>(bytes[i] - zero), x[i], 1.01F * scale) << kernels->name << ' ' << x[i];
      }
    }
  }
}

TEST(Kernels, SplitPartsAddUpToSixteenBits) {
  for (const Kernels* kernels : all_kernels()) {
    const std::vector<float> x = range(-3, 3, 4097);
    std::vector<tensor::BFloat16> large(x.size());
    std::vector<tensor::BFloat16> small(x.size());
    kernels->split_bf16(x.data(), static_cast<std::int64_t>(x.size()), large.data(), small.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_NEAR(static_cast<float>(large[i]) + static_cast<float>(small[i]), x[i], std::abs(x[i]) * 0x1p-16F)
          << kernels->name;
    }
  }
}

/// The softmax inside `attend`: the only query is (1, 0, 0, ..), key j is (x[j], 0, 0, ..), value j the unit vector j.
template <typename T>
std::vector<float> attended(const Kernels& kernels, tensor::DType dtype, const std::vector<float>& x) {
  const std::size_t n = x.size();
  std::vector<T> tokens(n * 3 * n);
  std::vector<const void*> rows(n);
  for (std::size_t j = 0; j < n; ++j) {
    T* token = tokens.data() + j * 3 * n;
    token[0] = T(1.0F);
    token[n] = T(x[j]);
    token[2 * n + j] = T(1.0F);
    rows[j] = token;
  }
  std::vector<T> y(n);
  void* const out[] = {y.data()};
  const auto size = static_cast<std::int64_t>(n);
  std::vector<Line> scratch(static_cast<std::size_t>(attend_scratch(1, size, size)) / sizeof(Line) + 1);
  Attend p;
  p.dtype = dtype;
  p.queries = p.keys = rows.data();
  p.query_count = 1;
  p.key_count = p.size = p.key_at = size;
  p.value_at = 2 * size;
  p.out = out;
  p.scratch = reinterpret_cast<std::byte*>(scratch.data());
  kernels.attend(p);
  return {y.begin(), y.end()};
}

/// Scores far apart, each exact in bfloat16, and their softmax.
std::pair<std::vector<float>, std::vector<double>> extreme_scores(int n) {
  std::vector<float> x;
  for (int i = 0; i < n; ++i) x.push_back(i % 3 == 0 ? -8192.0F : static_cast<float>(i % 5) * 30);
  std::vector<double> want(x.begin(), x.end());
  const double top = *std::max_element(want.begin(), want.end());
  double sum = 0;
  for (double& w : want) sum += w = std::exp(w - top);
  for (double& w : want) w /= sum;
  return {x, want};
}

TEST(Kernels, AttendIsASoftmaxForExtremeScores) {
  for (const Kernels* kernels : all_kernels()) {
    for (const int n : {1, 2, 7, 8, 9, 144, 145}) {
      const auto [x, want] = extreme_scores(n);
      const std::vector<float> wide = attended<float>(*kernels, tensor::DType::kF32, x);
      const std::vector<float> narrow = attended<tensor::BFloat16>(*kernels, tensor::DType::kBF16, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        // Scores more than 87 below the largest count as e^-87.
        ASSERT_NEAR(wide[i], want[i], 3e-7) << kernels->name << " n=" << n;
        // Shares and results are rounded to bfloat16, 2^-9 each; the exponential is good to 8e-5.
        ASSERT_NEAR(narrow[i], want[i], want[i] / 200 + 3e-7) << kernels->name << " n=" << n;
      }
    }
  }
}

TEST(Kernels, Bfloat16RoundingIsTheScalarTypesOwn) {
  for (const Kernels* kernels : all_kernels()) {
    std::vector<float> x = range(-3, 3, 4097);
    for (int bits = 0; bits < 70000; bits += 7) x.push_back(std::bit_cast<float>(0x3F800000 + bits));
    std::vector<tensor::BFloat16> y(x.size());
    kernels->to_bf16(x.data(), static_cast<std::int64_t>(x.size()), y.data());
    for (std::size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(y[i].bits, tensor::BFloat16(x[i]).bits) << kernels->name << ' ' << x[i];
  }
}

TEST(Isa, NamesAreThoseOfTheEnvironmentVariable) {
  EXPECT_EQ(name_of(Isa::kPortable), "portable");
  EXPECT_EQ(name_of(Isa::kAmx), "amx");
  EXPECT_FALSE(cpu_model().empty());
}

}  // namespace
}  // namespace mi2::ops::cpu
