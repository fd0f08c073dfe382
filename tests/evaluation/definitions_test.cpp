// Statistics against their own definitions.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "evaluation/ages.hpp"
#include "evaluation/binary.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/confusion.hpp"
#include "evaluation/delong.hpp"
#include "evaluation/pairwise_auc.hpp"
#include "evaluation/proportion.hpp"
#include "evaluation/retrieval.hpp"
#include "samples.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"
namespace mi2::evaluation {
namespace {

using test::expect_error;

/// The definition, pair by pair.
std::vector<double> slow_placements(const Binary& rows, bool of_positives) {
  std::vector<double> found;
  for (std::size_t a = 0; a < rows.scores.size(); ++a) {
    if ((rows.positive[a] != 0) != of_positives) continue;
    double sum = 0;
    double count = 0;
    for (std::size_t b = 0; b < rows.scores.size(); ++b) {
      if ((rows.positive[b] != 0) == of_positives) continue;
      const double higher = of_positives ? rows.scores[a] - rows.scores[b] : rows.scores[b] - rows.scores[a];
      sum += higher > 0 ? 1 : higher == 0 ? 0.5 : 0;
      ++count;
    }
    found.push_back(sum / count);
  }
  return found;
}

TEST(Statistics, PlacementsAreTheirDefinition) {
  const Binary rows = many_ties();
  const Placements found = RankedScores(rows.scores, rows.positive).placements();
  const std::vector<double> positives = slow_placements(rows, true);
  const std::vector<double> negatives = slow_placements(rows, false);
  ASSERT_EQ(found.positives.size(), positives.size());
  ASSERT_EQ(found.negatives.size(), negatives.size());
  for (std::size_t i = 0; i < positives.size(); ++i) EXPECT_NEAR(found.positives[i], positives[i], kSame);
  for (std::size_t i = 0; i < negatives.size(); ++i) EXPECT_NEAR(found.negatives[i], negatives[i], kSame);
}

TEST(Statistics, APairedDifferenceUsesThatRowsAreTheSame) {
  const Binary rows = many_ties();
  Binary noisy = rows;
  const std::vector<double> noise = lcg(1000, 5);
  for (std::size_t r = 0; r < noise.size(); ++r) noisy.scores[r] += 0.3 * noise[r];
  const RankedScores first(rows.scores, rows.positive);
  const RankedScores second(noisy.scores, noisy.positive);
  const auto paired = delong_difference(first, second);
  ASSERT_TRUE(paired);
  EXPECT_NEAR(paired->difference, *first.auc() - *second.auc(), kSame);
  const AucDifference apart = independent_difference(*delong(first), *delong(second));
  EXPECT_LT(*paired->standard_error, *apart.standard_error);
  EXPECT_LT(*paired->p, *apart.p);
  const auto same = delong_difference(first, first);
  EXPECT_EQ(same->standard_error, 0.0);
  EXPECT_FALSE(same->p);
  EXPECT_NE(same->why, "");
}

TEST(Statistics, OperatingPointsKeepWhatTheyPromise) {
  const Binary rows = many_ties();
  const auto curve = RankedScores(rows.scores, rows.positive).curve();
  for (const double asked : {0.5, 0.9, 0.95, 1.0}) {
    const auto point = specificity_point(curve, asked);
    ASSERT_TRUE(point) << asked;
    EXPECT_GE(point->specificity, asked);
    const BinaryCounts counts = counts_at(rows.scores, rows.positive, point->threshold);
    EXPECT_NEAR(*counts.specificity().value(), point->specificity, kSame);
    // The next lower score is too unspecific.
    double lower = -1;
    for (const double score : rows.scores) {
      if (score < point->threshold) lower = std::max(lower, score);
    }
    EXPECT_LT(*counts_at(rows.scores, rows.positive, lower).specificity().value(), asked);
  }
  EXPECT_FALSE(specificity_point({}, 0.9));
}

TEST(Statistics, PredictiveValuesFollowBayes) {
  const PredictiveValues found = predictive_values(0.9, 0.8, 0.1);
  EXPECT_NEAR(found.positive.value(), 0.09 / (0.09 + 0.18), kSame);
  EXPECT_NEAR(found.negative.value(), 0.72 / (0.72 + 0.01), kSame);
  EXPECT_FALSE(predictive_values(0, 1, 0.1).positive);
  expect_error(Code::kBadArgument, {"prevalence"}, [] { predictive_values(0.9, 0.8, 0); });
}

TEST(Statistics, NetBenefitIsItsDefinition) {
  const Binary rows = many_ties();
  std::vector<double> probabilities;
  for (const double score : rows.scores) probabilities.push_back(score / 1.3);
  const double positives = static_cast<double>(std::count(rows.positive.begin(), rows.positive.end(), 1));
  const auto curve = decision_curve(RankedScores(probabilities, rows.positive).curve(), positives / 1000);
  ASSERT_EQ(curve.size(), 99U);
  for (const NetBenefit& point : curve) {
    const BinaryCounts counts = counts_at(probabilities, rows.positive, point.threshold);
    const double odds = point.threshold / (1 - point.threshold);
    EXPECT_NEAR(
        point.model,
        static_cast<double>(counts.true_positives) / 1000 - static_cast<double>(counts.false_positives) / 1000 * odds,
        kSame);
    EXPECT_NEAR(point.all, positives / 1000 - (1 - positives / 1000) * odds, kSame);
  }
}

TEST(Statistics, HolmRaisesInOrderAndNeverBelowAnEarlierOne) {
  const std::vector<double> raised = holm(std::vector<double>{0.04, 0.01, 0.03, 0.9});
  const std::vector<double> wanted{0.09, 0.04, 0.09, 0.9};
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(raised[i], wanted[i], kSame);
  EXPECT_TRUE(holm({}).empty());
}

TEST(Statistics, AgesAreJudgedByTheirDefinitions) {
  const std::vector<double> guesses{10, 22, 33, 41};
  const std::vector<double> truth{12, 20, 30, 40};
  const AgeErrors found = age_errors(guesses, truth);
  EXPECT_NEAR(found.mean_absolute, 2.0, kSame);
  EXPECT_NEAR(found.root_mean_square, std::sqrt(18.0 / 4), kSame);
  EXPECT_NEAR(found.bias, 1.0, kSame);
  const double deviation = std::sqrt((9.0 + 1 + 4 + 0) / 3);
  EXPECT_NEAR(found.deviation.value(), deviation, kSame);
  EXPECT_NEAR(found.limits->low, 1 - 1.96 * deviation, kSame);
  EXPECT_EQ(within(guesses, truth, 2).part, 3U);
  EXPECT_NEAR(age_errors(truth, truth).intraclass.value(), 1.0, kSame);
  EXPECT_FALSE(age_errors(std::vector<double>{5.0}, std::vector<double>{6.0}).deviation);
  expect_error(Code::kBadArgument, {"row 1"},
               [] { age_errors(std::vector<double>{std::nan("")}, std::vector<double>{1.0}); });

  const Scores scores{3, {0.2, 0.5, 0.3}};
  const std::vector<double> ages{10, 20, 40};
  EXPECT_EQ(ages_by_argmax(scores, ages), std::vector<double>{20});
  EXPECT_NEAR(ages_by_expectation(scores, ages)[0], 24, kSame);
  EXPECT_NEAR(age_by_neighbours(std::vector<double>{10, 20}, std::vector<double>{0.9, 0.3}), 12.5, kSame);
  EXPECT_NEAR(age_by_neighbours(std::vector<double>{10, 20}, std::vector<double>{-0.9, 0}), 15, kSame);
}

TEST(Statistics, RankingsAreJudgedByTheirDefinitions) {
  const std::vector<std::uint8_t> relevant{1, 0, 1, 0};
  EXPECT_NEAR(precision_at(relevant, 3), 2.0 / 3, kSame);
  EXPECT_NEAR(precision_at(relevant, 10), 0.2, kSame);
  EXPECT_NEAR(recall_at(relevant, 4, 3).value(), 0.5, kSame);
  EXPECT_NEAR(average_precision(relevant, 4).value(), (1 + 2.0 / 3) / 4, kSame);
  const double gain = 1 + 1 / std::log2(4.0);
  EXPECT_NEAR(ndcg_at(relevant, 2, 10).value(), gain / (1 + 1 / std::log2(3.0)), kSame);
  EXPECT_FALSE(average_precision(relevant, 0));
}

TEST(Statistics, ACalibrationLineFindsHowProbabilitiesWereBent) {
  const std::vector<double> u = lcg(40000, 31);
  std::vector<double> said;
  std::vector<std::uint8_t> positive;
  for (std::size_t r = 0; r < 20000; ++r) {
    const double logit = 6 * u[r] - 3;
    positive.push_back(u[20000 + r] < 1 / (1 + std::exp(-logit)) ? 1 : 0);
    said.push_back(1 / (1 + std::exp(-(2 * logit + 1))));  // twice too extreme, and too high
  }
  const CalibrationLine found = calibration_line(said, positive);
  EXPECT_NEAR(found.slope.value(), 0.5, 0.03);
  EXPECT_NEAR(found.intercept.value(), -0.5, 0.06);
  EXPECT_LT(found.in_large.value(), 0);
  // Parted rows have no best line.
  const CalibrationLine parted =
      calibration_line(std::vector<double>{0.1, 0.2, 0.8}, std::vector<std::uint8_t>{0, 0, 1});
  EXPECT_FALSE(parted.slope);
  EXPECT_NE(parted.why, "");
}

TEST(Statistics, ScoresThatDifferInTheLastBitAreNoTies) {
  const double low = 0.5;
  const double high = std::nextafter(0.5, 1.0);
  EXPECT_EQ(RankedScores(std::vector<double>{high, low}, std::vector<std::uint8_t>{1, 0}).auc(), 1.0);
  EXPECT_EQ(static_cast<float>(low), static_cast<float>(high));
}

TEST(Statistics, BootstrapIntervalsHoldTheTruthAsOftenAsTheySay) {
  // Rows of two classes, normal, one deviation apart: the true area is Phi(1 / sqrt 2).
  const double truth = 0.5 * std::erfc(-0.5);
  constexpr int kSets = 500;
  int covered = 0;
  int covered_by_delong = 0;
  std::mt19937_64 random(1);
  const auto normal = [&] {
    const double a = (static_cast<double>(random() >> 11U) + 0.5) / 9007199254740992.0;
    const double b = (static_cast<double>(random() >> 11U) + 0.5) / 9007199254740992.0;
    return std::sqrt(-2 * std::log(a)) * std::cos(2 * std::numbers::pi * b);
  };
  for (int set = 0; set < kSets; ++set) {
    std::vector<double> scores;
    std::vector<std::uint8_t> positive;
    std::vector<std::size_t> labels;
    for (std::size_t r = 0; r < 120; ++r) {
      labels.push_back(r < 50 ? 1 : 0);
      positive.push_back(r < 50 ? 1 : 0);
      scores.push_back(normal() + (r < 50 ? 1 : 0));
    }
    const RankedScores ranked(scores, positive);
    const auto intervals = bootstrap(labels, {400, 0.95, 7}, [&](std::span<const double> weights) {
      return std::vector<std::optional<double>>{ranked.auc(weights)};
    });
    covered += intervals[0]->low <= truth && truth <= intervals[0]->high ? 1 : 0;
    const auto delong_interval = delong(ranked)->logit;
    covered_by_delong += delong_interval->low <= truth && truth <= delong_interval->high ? 1 : 0;
  }
  EXPECT_GE(covered, kSets * 93 / 100);
  EXPECT_LE(covered, kSets * 97 / 100);
  EXPECT_GE(covered_by_delong, kSets * 93 / 100);
  EXPECT_LE(covered_by_delong, kSets * 97 / 100);
}

}  // namespace
}  // namespace mi2::evaluation
