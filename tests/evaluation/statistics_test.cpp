// Statistics against golden_statistics.json (scikit-learn, statsmodels, fairlearn, confidenceinterval and brute force:
// benchmarks of the evidence documents).

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
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
#include "samples.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"
namespace mi2::evaluation {
namespace {

using test::expect_error;

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

}  // namespace
}  // namespace mi2::evaluation
