#include "image/intensity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <mi2/error.hpp>

namespace mi2::image {
namespace {

using Levels = std::vector<std::uint8_t>;

template <typename Sample>
std::span<const Sample> view(const std::vector<Sample>& samples) {
  return samples;
}

TEST(Intensity, PercentilesInterpolateAsNumpyLinear) {
  // numpy.percentile([10, 20, 30, 40], [25, 90]) == [17.5, 37.0]
  const std::vector<float> samples = {40, 10, 30, 20};
  const Range range = intensity_range(view(samples), parse_intensity("percentile:25,90"));
  EXPECT_DOUBLE_EQ(range.low, 17.5);
  EXPECT_DOUBLE_EQ(range.high, 37.0);
}

TEST(Intensity, SignsAndTypesKeepTheirOrder) {
  const std::vector<float> floats = {-1.5F, 3, -200, 0, 1e-30F};
  const std::vector<std::int32_t> ints = {-2147483647 - 1, 5, 2147483647, 0};
  const std::vector<std::uint16_t> words = {65535, 0, 256};
  const Intensity all = parse_intensity("percentile:0,100");
  EXPECT_EQ(intensity_range(view(floats), all).low, -200);
  EXPECT_EQ(intensity_range(view(floats), all).high, 3);
  EXPECT_EQ(intensity_range(view(ints), all).low, -2147483648.0);
  EXPECT_EQ(intensity_range(view(ints), all).high, 2147483647.0);
  EXPECT_EQ(intensity_range(view(words), parse_intensity("percentile:0,50")).high, 256);
}

TEST(Intensity, WideSamplesKeepWhatNarrowOnesLose) {
  const std::vector<double> near = {1e9 + 0.25, -1e300, std::nan(""), 1e9, 1e9 + 0.5, 1e9 + 1};
  const Range range = intensity_range(view(near), parse_intensity("percentile:25,75"));
  EXPECT_DOUBLE_EQ(range.low, 1e9);
  EXPECT_DOUBLE_EQ(range.high, 1e9 + 0.5);
  const std::vector<std::uint32_t> large = {0, 4294967295U, 2147483648U};
  EXPECT_EQ(intensity_range(view(large), parse_intensity("percentile:0,50")).high, 2147483648.0);
  EXPECT_EQ(to_8bit(view(large), parse_intensity("minmax")), (Levels{0, 255, 128}));
}

TEST(Intensity, ARangeThatShowsNothingIsAWarning) {
  Warnings warnings;
  const std::vector<double> flat = {5, 5, 5};
  to_8bit(view(flat), Intensity{}, &warnings);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].rfind("one_value", 0), 0U);
}

TEST(Intensity, BlocksGiveTheRangeOfAllTheirSamples) {
  std::mt19937 random(3);
  std::vector<float> samples(5000);
  for (float& x : samples)
    x = std::ldexp(static_cast<float>(random() % 2001) - 1000.0F, static_cast<int>(random() % 40) - 20);
  samples[17] = std::nanf("");
  const EachBlock each = [&](const auto& use) {
    use(view(samples).first(1), {});
    use(view(samples).subspan(1), {});
  };
  for (const char* rule : {"percentile:1,99", "percentile:0,100", "percentile:49.9,50", "minmax", "window:40,400"}) {
    const Range want = intensity_range(view(samples), parse_intensity(rule));
    const Range got = intensity_range(each, parse_intensity(rule));
    EXPECT_EQ(got.low, want.low) << rule;
    EXPECT_EQ(got.high, want.high) << rule;
  }
  const std::vector<float> levels{1, 2, 3};
  const std::vector<std::uint64_t> times{5, 0, 5};
  const Range counted =
      intensity_range(EachBlock([&](const auto& use) { use(levels, times); }), parse_intensity("minmax"));
  EXPECT_EQ(counted.high, 3);
  const Range none = intensity_range(EachBlock([](const auto&) {}), Intensity{});
  EXPECT_EQ(none.low, none.high);
}

/// Blocks of levels as of slices, some from the highest to the lowest, some of which do not occur.
struct Slices {
  std::vector<std::vector<float>> levels;
  std::vector<std::vector<std::uint64_t>> times;
  std::vector<float> samples;  ///< all of them
  int asked = 0;

  void add(std::vector<float> values, std::mt19937& random) {
    std::vector<std::uint64_t>& of_these = times.emplace_back();
    for (const float value : values) {
      of_these.push_back(random() % 4);
      samples.insert(samples.end(), of_these.back(), value);
    }
    levels.push_back(std::move(values));
  }
  EachBlock each() {
    return [this](const UseBlock& use) {
      ++asked;
      for (std::size_t i = 0; i < levels.size(); ++i) use(levels[i], times[i]);
    };
  }
};

TEST(Intensity, BlocksThatSayHowOftenValuesOccurAreAskedForOnce) {
  std::mt19937 random(5);
  Slices slices;
  for (const float slope : {1.0F, -0.7F, 1.3F, 0.001F}) {
    std::vector<float> levels;
    for (int i = 0; i < 400; ++i) levels.push_back(static_cast<float>(i - 200) * slope);
    slices.add(levels, random);
  }
  slices.add({0.0F, -0.0F, std::nanf(""), std::numeric_limits<float>::infinity()}, random);
  slices.add({}, random);
  for (const char* rule : {"percentile:1,99", "percentile:0,100", "percentile:33.3,50", "minmax"}) {
    const Range want = intensity_range(view(slices.samples), parse_intensity(rule));
    slices.asked = 0;
    const Range got = intensity_range(slices.each(), parse_intensity(rule));
    EXPECT_EQ(got.low, want.low) << rule;
    EXPECT_EQ(got.high, want.high) << rule;
    EXPECT_EQ(slices.asked, 1) << rule;
  }
}

TEST(Intensity, BlocksOfMoreValuesThanAreRememberedAreAskedForTwice) {
  std::mt19937 random(6);
  Slices slices;
  for (int block = 0; block < 6; ++block) {
    std::vector<float> levels;
    for (int i = 0; i < 65536; ++i) levels.push_back(static_cast<float>(i * 8 + block));
    slices.add(levels, random);
  }
  const Range want = intensity_range(view(slices.samples), parse_intensity("percentile:1,99"));
  const Range got = intensity_range(slices.each(), parse_intensity("percentile:1,99"));
  EXPECT_EQ(got.low, want.low);
  EXPECT_EQ(got.high, want.high);
  EXPECT_EQ(slices.asked, 2);
}

TEST(Intensity, NanIsBlackAndInfinitiesAreClamped) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> samples = {0, std::nanf(""), 10, inf, -inf};
  EXPECT_EQ(to_8bit(view(samples), parse_intensity("minmax")), (Levels{0, 0, 255, 255, 0}));
}

TEST(Intensity, NothingToSpreadIsBlack) {
  const std::vector<float> flat = {5, 5, 5};
  const std::vector<float> nothing = {std::nanf("")};
  EXPECT_EQ(to_8bit(view(flat), Intensity{}), (Levels{0, 0, 0}));
  EXPECT_EQ(to_8bit(view(nothing), Intensity{}), (Levels{0}));
  EXPECT_TRUE(to_8bit(std::span<const float>(), Intensity{}).empty());
}

TEST(Intensity, WindowRoundsHalfUp) {
  const std::vector<float> samples = {-160, 40, 240, 40.39F, 1e9F};
  EXPECT_EQ(to_8bit(view(samples), parse_intensity("window:40,400")), (Levels{0, 128, 255, 128, 255}));
}

TEST(Intensity, OfLevelsAndHowOftenTheyOccurIsThatOfTheSamples) {
  std::mt19937 random(2);
  const std::vector<float> levels = {40, -3.5F, 7, std::numeric_limits<float>::quiet_NaN(), 1e6F, 8, 7.5F};
  for (int round = 0; round < 50; ++round) {
    std::vector<float> samples;
    std::vector<std::uint64_t> occurrences;
    for (const float level : levels) {
      occurrences.push_back(random() % 4);
      samples.insert(samples.end(), occurrences.back(), level);
    }
    for (const char* rule : {"percentile:1,99", "percentile:20,60", "minmax", "window:8,20"}) {
      const Intensity intensity = parse_intensity(rule);
      const Levels shades = to_8bit(levels, occurrences, intensity);
      Levels expected;
      for (std::size_t i = 0; i < levels.size(); ++i) expected.insert(expected.end(), occurrences[i], shades[i]);
      EXPECT_EQ(to_8bit(view(samples), intensity), expected) << rule;
    }
  }
}

TEST(Intensity, OfManyWordsIsThatOfTheSameNumbersAsFloats) {
  std::mt19937 random(4);
  std::vector<std::uint16_t> words(70'000);
  for (std::uint16_t& word : words) word = static_cast<std::uint16_t>(random());
  const std::vector<float> floats(words.begin(), words.end());
  const Intensity intensity = parse_intensity("percentile:2,95");
  EXPECT_EQ(to_8bit(view(words), intensity), to_8bit(view(floats), intensity));
}

}  // namespace
}  // namespace mi2::image
