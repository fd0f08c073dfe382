#pragma once
// Golden statistics, and the rows that they are of.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "evaluation/bootstrap.hpp"
#include "evaluation/scores.hpp"
#include "support/paths.hpp"

namespace mi2::evaluation {

using Json = nlohmann::json;

inline constexpr double kSame = 1e-9;
inline constexpr double kDeLong = 1e-6;  // the library behind the golden numbers ranks in f32

inline const Json& golden() {
  static const Json kGolden = [] {
    std::ifstream file(test::data_of("evaluation") / "golden_statistics.json");
    return Json::parse(file);
  }();
  return kGolden;
}

/// The generator that golden_statistics.py made its inputs with.
inline std::vector<double> lcg(std::size_t count, std::uint64_t state) {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    state = (1103515245 * state + 12345) % (std::uint64_t{1} << 31U);
    numbers.push_back(static_cast<double>(state) / static_cast<double>(std::uint64_t{1} << 31U));
  }
  return numbers;
}

inline void expect_interval(const std::optional<Interval>& found, const Json& wanted, double tolerance) {
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->low, wanted.at(0), tolerance);
  EXPECT_NEAR(found->high, wanted.at(1), tolerance);
}

struct Binary {
  std::vector<double> scores;
  std::vector<std::uint8_t> positive;
};

inline Binary many_ties() {
  const std::vector<double> u = lcg(4000, 12345);
  Binary found;
  for (std::size_t r = 0; r < 1000; ++r) {
    const bool is_positive = u[r] < 0.3;
    found.positive.push_back(is_positive ? 1 : 0);
    found.scores.push_back(std::nearbyint(((is_positive ? 0.25 : 0) + u[1000 + r]) * 100) / 100);
  }
  return found;
}

struct Several {
  Scores cosines;
  Scores probabilities;
  std::vector<std::size_t> truth;
};

inline Several score_matters() {
  constexpr std::size_t kClasses = 5;
  constexpr std::size_t kRows = 300;
  const std::vector<double> v = lcg(kRows * kClasses + kRows, 777);
  const std::vector<double> offsets = lcg(kRows, 99);
  Several found{{kClasses, {}}, {}, {}};
  for (std::size_t r = 0; r < kRows; ++r) {
    found.truth.push_back(static_cast<std::size_t>(v[kRows * kClasses + r] * kClasses));
    for (std::size_t c = 0; c < kClasses; ++c) {
      found.cosines.values.push_back(0.2 * v[r * kClasses + c] + (found.truth[r] == c ? 0.05 : 0) + 0.1 * offsets[r]);
    }
  }
  found.probabilities = softmax(found.cosines, 1 / 91.2279);
  return found;
}

}  // namespace mi2::evaluation
