// Statistics against golden_statistics.json (scikit-learn, statsmodels, fairlearn, confidenceinterval and brute force;
// benchmarks of the evidence documents), and against their own definitions.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <numbers>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "evaluation/ages.hpp"
#include "evaluation/binary.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/confusion.hpp"
#include "evaluation/delong.hpp"
#include "evaluation/pairwise_auc.hpp"
#include "evaluation/proportion.hpp"
#include "evaluation/retrieval.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"

namespace mi2::evaluation {
namespace {

using Json = nlohmann::json;
using test::expect_error;

constexpr double kSame = 1e-9;
constexpr double kDeLong = 1e-6;  // the library behind the golden numbers ranks in f32

const Json& golden() {
  static const Json kGolden = [] {
    std::ifstream file(test::data_of("evaluation") / "golden_statistics.json");
    return Json::parse(file);
  }();
  return kGolden;
}

/// The generator that golden_statistics.py made its inputs with.
std::vector<double> lcg(std::size_t count, std::uint64_t state) {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    state = (1103515245 * state + 12345) % (std::uint64_t{1} << 31U);
    numbers.push_back(static_cast<double>(state) / static_cast<double>(std::uint64_t{1} << 31U));
  }
  return numbers;
}

void expect_interval(const std::optional<Interval>& found, const Json& wanted, double tolerance) {
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->low, wanted.at(0), tolerance);
  EXPECT_NEAR(found->high, wanted.at(1), tolerance);
}

struct Binary {
  std::vector<double> scores;
  std::vector<std::uint8_t> positive;
};

Binary many_ties() {
  const std::vector<double> u = lcg(4000, 12345);
  Binary found;
  for (std::size_t r = 0; r < 1000; ++r) {
    const bool is_positive = u[r] < 0.3;
    found.positive.push_back(is_positive ? 1 : 0);
    found.scores.push_back(std::nearbyint(((is_positive ? 0.25 : 0) + u[1000 + r]) * 100) / 100);
  }
  return found;
}

TEST(Statistics, TheAreaAndItsDeLongIntervalsAreTheGoldenOnes) {
  const Json& tiny = golden().at("tiny");
  const RankedScores ranked(tiny.at("s").get<std::vector<double>>(), tiny.at("y").get<std::vector<std::uint8_t>>());
  const auto found = delong(ranked);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->auc, tiny.at("auc"), kSame);
  EXPECT_NEAR(found->standard_error.value(), tiny.at("se"), kSame);
  expect_interval(found->logit, tiny.at("logit"), kSame);
  // The golden one is not cut at 1.
  EXPECT_NEAR(found->wald->low, tiny.at("wald").at(0), kSame);
  EXPECT_EQ(found->wald->high, 1.0);
  EXPECT_NEAR(ranked.average_precision().value(), tiny.at("ap"), kSame);
}

TEST(Statistics, ManyTiesChangeNothing) {
  const Json& wanted = golden().at("lcg");
  const Binary rows = many_ties();
  const RankedScores ranked(rows.scores, rows.positive);
  const auto found = delong(ranked);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->positives, wanted.at("pos"));
  EXPECT_NEAR(found->auc, wanted.at("sk"), kSame);
  EXPECT_NEAR(found->standard_error.value(), wanted.at("se"), kSame);
  expect_interval(found->wald, wanted.at("wald"), kSame);
  expect_interval(found->wald, wanted.at("lib_ci"), kDeLong);
  EXPECT_NEAR(ranked.average_precision().value(), wanted.at("ap"), kSame);
}

struct Several {
  Scores cosines;
  Scores probabilities;
  std::vector<std::size_t> truth;
};

Several score_matters() {
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

TEST(Statistics, TheAreaOfASoftmaxIsNotThatOfItsCosines) {
  const Json& wanted = golden().at("score_matters");
  const Several rows = score_matters();
  EXPECT_NEAR(mean_auc(rows.probabilities, rows.truth).value(), wanted.at("softmax_mauc"), kSame);
  EXPECT_NEAR(mean_auc(rows.cosines, rows.truth).value(), wanted.at("cosine_mauc"), kSame);
  EXPECT_NEAR(hand_till(rows.probabilities, rows.truth).value(), wanted.at("hand_till"), kSame);
}

TEST(Statistics, FiguresOfSeveralClassesAreTheGoldenOnes) {
  const Json& wanted = golden().at("score_matters");
  const Several rows = score_matters();
  const Confusion confusion(5, rows.truth, predictions(rows.probabilities));
  EXPECT_NEAR(brier(rows.probabilities, rows.truth).sum, wanted.at("brier_sum"), kSame);
  EXPECT_NEAR(brier(rows.probabilities, rows.truth).sum, wanted.at("sk_brier_multi"), kSame);
  EXPECT_NEAR(log_loss(rows.probabilities, rows.truth), wanted.at("log_loss"), kSame);
  EXPECT_NEAR(confusion.balanced_accuracy(), wanted.at("balanced"), kSame);
  EXPECT_NEAR(confusion.accuracy(), wanted.at("acc"), kSame);
  EXPECT_NEAR(confusion.kappa(KappaWeights::kQuadratic).value(), wanted.at("kappa_q"), kSame);
  EXPECT_NEAR(confusion.correlation().value(), wanted.at("mcc"), kSame);
  EXPECT_NEAR(reliability(rows.probabilities, rows.truth, 15).expected_error, wanted.at("ece15"), kSame);
}

TEST(Statistics, CalibrationErrorsAreNetcals) {
  std::ifstream file(test::data_of("evaluation") / "netcal.json");
  const Json wanted = Json::parse(file);
  const Scores scores{wanted.at("classes").get<std::size_t>(), wanted.at("probabilities").get<std::vector<double>>()};
  const auto truth = wanted.at("truth").get<std::vector<std::size_t>>();
  EXPECT_NEAR(reliability(scores, truth, 10).expected_error, wanted.at("ece_10"), kSame);
  EXPECT_NEAR(reliability(scores, truth, 15).expected_error, wanted.at("ece_15"), kSame);
  EXPECT_NEAR(classwise_error(scores, truth, 10), wanted.at("classwise_10"), kSame);
  EXPECT_NEAR(classwise_error(scores, truth, 15), wanted.at("classwise_15"), kSame);
}

TEST(Statistics, AdaptiveBinsHaveEquallyManyRows) {
  // Two bins of two rows: the lower ones are right half the time at 0.6 and 0.7, the upper ones always at 0.8 and 0.9.
  const Scores scores{2, {0.6, 0.4, 0.7, 0.3, 0.8, 0.2, 0.9, 0.1}};
  const std::vector<std::size_t> truth{0, 1, 0, 0};
  EXPECT_NEAR(adaptive_error(scores, truth, 2), (std::abs(1.3 - 1) + std::abs(1.7 - 2)) / 4, kSame);
}

TEST(Statistics, ProportionsHaveTheGoldenIntervals) {
  expect_interval(wilson({18, 20}), golden().at("wilson_18_20"), kSame);
  expect_interval(wilson({20, 20}), golden().at("wilson_20_20"), kSame);
  expect_interval(clopper_pearson({18, 20}), golden().at("clopper_18_20"), kSame);
  expect_interval(clopper_pearson({20, 20}), golden().at("clopper_20_20"), kSame);
  EXPECT_NEAR(mcnemar_exact(12, 3), golden().at("mcnemar_exact_12_3"), kSame);
  EXPECT_EQ(mcnemar_exact(0, 0), 1.0);
  EXPECT_FALSE(wilson({0, 0}));
  EXPECT_EQ(clopper_pearson({0, 20})->low, 0.0);
  EXPECT_GE(wilson({0, 20})->low, 0.0);
  expect_error(Code::kBadArgument, {"3 of 2"}, [] { wilson({3, 2}); });
  expect_error(Code::kBadArgument, {"level"}, [] { wilson({1, 2}, 1.0); });
}

TEST(Statistics, GroupsHaveTheGoldenRates) {
  const Json& wanted = golden().at("fair");
  const Binary rows = many_ties();
  const std::vector<double> u = lcg(4000, 12345);
  std::vector<GroupRates> rates;
  std::vector<double> sensitivities;
  for (const bool women : {true, false}) {
    std::vector<double> scores;
    std::vector<std::uint8_t> positive;
    for (std::size_t r = 0; r < rows.scores.size(); ++r) {
      if ((u[2000 + r] < 0.45) != women) continue;
      scores.push_back(rows.scores[r]);
      positive.push_back(rows.positive[r]);
    }
    const BinaryCounts counts = counts_at(scores, positive, std::nextafter(0.6, 1.0));
    rates.push_back({counts.sensitivity().value(), counts.false_positive_rate().value()});
    sensitivities.push_back(*counts.sensitivity().value());
  }
  EXPECT_NEAR(sensitivities[0], wanted.at("tpr").at("F"), kSame);
  EXPECT_NEAR(sensitivities[1], wanted.at("tpr").at("M"), kSame);
  EXPECT_NEAR(sensitivities[1] - sensitivities[0], wanted.at("diff"), kSame);
  EXPECT_NEAR(equalized_odds_difference(rates).value(), wanted.at("eod"), kSame);
}

TEST(Statistics, WhatIsUndefinedIsNothingWithAReason) {
  ASSERT_EQ(golden().at("absent").at("result"), "nan");
  const std::vector<double> scores{0.1, 0.2, 0.3};
  const RankedScores one_kind(scores, std::vector<std::uint8_t>{1, 1, 1});
  EXPECT_FALSE(one_kind.auc());
  EXPECT_FALSE(delong(one_kind));
  const RankedScores none(scores, std::vector<std::uint8_t>{0, 0, 0});
  EXPECT_FALSE(none.average_precision());
  EXPECT_TRUE(none.precision_recall().empty());

  const auto single = delong(RankedScores(scores, std::vector<std::uint8_t>{0, 1, 0}));
  ASSERT_TRUE(single);
  EXPECT_EQ(single->auc, 0.5);
  EXPECT_FALSE(single->standard_error);
  EXPECT_FALSE(single->logit);
  EXPECT_NE(single->why, "");

  const auto equal = delong(RankedScores(std::vector<double>(6, 0.5), std::vector<std::uint8_t>{0, 1, 0, 1, 0, 1}));
  ASSERT_TRUE(equal);
  EXPECT_EQ(equal->auc, 0.5);
  EXPECT_EQ(equal->standard_error, 0.0);
  EXPECT_FALSE(equal->logit);
  EXPECT_NE(equal->why, "");

  const Confusion constant(2, std::vector<std::size_t>{0, 0}, std::vector<std::size_t>{0, 0});
  EXPECT_FALSE(constant.correlation());
  EXPECT_FALSE(constant.kappa());
  EXPECT_EQ(constant.matthews(), 0.0);
  EXPECT_FALSE(calibration_line(scores, std::vector<std::uint8_t>{1, 1, 1}).slope);
  EXPECT_FALSE(hand_till({2, {0.4, 0.6}}, std::vector<std::size_t>{1}));
  EXPECT_FALSE(equalized_odds_difference(std::vector<GroupRates>{{0.5, {}}}));
}

TEST(Statistics, AnAreaOfOneHasAnExactOneSidedBound) {
  const auto found =
      delong(RankedScores(std::vector<double>{0.9, 0.8, 0.7, 0.2, 0.1}, std::vector<std::uint8_t>{1, 1, 1, 0, 0}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->standard_error, 0.0);
  EXPECT_NEAR(found->logit->low, std::sqrt(0.05), kSame);
  EXPECT_EQ(found->logit->high, 1.0);
  EXPECT_NE(found->why, "");
}

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
