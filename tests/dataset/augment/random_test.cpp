#include "dataset/augment/random.hpp"

#include <array>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace mi2::dataset {
namespace {

TEST(Random, AnswersTheSameNumbersEverywhere) {
  // SplitMix64 from state 0 begins with this number in every published implementation; an empty key is state 0.
  Random plain({});
  EXPECT_EQ(plain.next(), 0xE220A8397B1DCDAFULL);
  EXPECT_EQ(plain.next(), 0x6E789E6AA1B965F4ULL);
}

TEST(Random, StreamsOfDifferentKeysDiffer) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint64_t epoch = 0; epoch < 10; ++epoch) {
      for (std::uint64_t place = 0; place < 10; ++place) first.insert(Random({seed, epoch, place}).next());
    }
  }
  EXPECT_EQ(first.size(), 1000U);
  EXPECT_NE(Random({1, 2}).next(), Random({2, 1}).next());
  EXPECT_NE(Random({1}).next(), Random({1, 0}).next());
  EXPECT_EQ(Random({1, 2}).next(), Random({1, 2}).next());
}

TEST(Random, BelowIsUniform) {
  Random random({3});
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts.at(random.below(7));
  // Standard deviation 93.
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 470);
}

TEST(Random, UniformNormalAndBetaHaveTheirMoments) {
  Random random({4});
  constexpr int kDraws = 200'000;
  const auto moments = [&](auto draw) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double x = draw();
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kDraws;
    return std::array<double, 2>{mean, squares / kDraws - mean * mean};
  };
  // Tolerances: five standard errors of each mean at most 0.011, of each variance at most 0.016.
  const auto uniform = moments([&] { return random.uniform(-1, 3); });
  EXPECT_NEAR(uniform[0], 1, 0.013);
  EXPECT_NEAR(uniform[1], 16.0 / 12, 0.016);
  const auto normal = moments([&] { return random.normal(); });
  EXPECT_NEAR(normal[0], 0, 0.0112);
  EXPECT_NEAR(normal[1], 1, 0.016);
  for (const auto& [a, b] : {std::array{0.2, 0.2}, std::array{2.0, 5.0}, std::array{1.0, 1.0}}) {
    const auto beta = moments([&, x = a, y = b] { return random.beta(x, y); });
    EXPECT_NEAR(beta[0], a / (a + b), 0.006) << a << ' ' << b;
    EXPECT_NEAR(beta[1], a * b / ((a + b) * (a + b) * (a + b + 1)), 0.002) << a << ' ' << b;
  }
}

TEST(Random, BetaStaysInItsRangeForTinyParameters) {
  Random random({5});
  for (int i = 0; i < 2000; ++i) {
    const double x = random.beta(1e-3, 1e-3);
    ASSERT_TRUE(x >= 0 && x <= 1) << x;
  }
}

}  // namespace
}  // namespace mi2::dataset
