// Figures of classifiers, against scikit-learn's and scipy's (data/metrics.json, made by make_metrics_fixture.py).

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "evaluation/call.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/f1.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"

namespace mi2::evaluation {
namespace {

using Json = nlohmann::json;
using test::expect_error;

// Both sides sum some dozens of doubles, in another order.
constexpr double kRounding = 1e-12;

struct Case {
  Json expected;
  Scores logits;
  Scores probabilities;
  std::vector<std::size_t> truth;
};

std::vector<Case> cases() {
  std::ifstream file(test::data_of("evaluation") / "metrics.json");
  std::vector<Case> list;
  for (const Json& json : Json::parse(file)) {
    Scores logits{json.at("classes").get<std::size_t>(), json.at("logits").get<std::vector<double>>()};
    Scores probabilities = softmax(logits);
    list.push_back(
        {json, std::move(logits), std::move(probabilities), json.at("truth").get<std::vector<std::size_t>>()});
  }
  EXPECT_EQ(list.size(), 3U);
  return list;
}

TEST(Metrics, AccuraciesAreThoseOfScikitLearn) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.expected.at("name"));
    const Confusion confusion(c.logits.classes, c.truth, predictions(c.logits));
    EXPECT_NEAR(confusion.accuracy(), c.expected.at("accuracy"), kRounding);
    EXPECT_NEAR(confusion.balanced_accuracy(), c.expected.at("balanced_accuracy"), kRounding);
    EXPECT_NEAR(top_k_accuracy(c.logits, c.truth, 1), c.expected.at("accuracy"), kRounding);
    EXPECT_NEAR(top_k_accuracy(c.logits, c.truth, 2), c.expected.at("top_2_accuracy"), kRounding);
  }
}

TEST(Metrics, ConfusionPrecisionRecallAndF1AreThoseOfScikitLearn) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.expected.at("name"));
    const Confusion confusion(c.logits.classes, c.truth, predictions(c.logits));
    for (std::size_t t = 0; t < c.logits.classes; ++t) {
      for (std::size_t p = 0; p < c.logits.classes; ++p) {
        EXPECT_EQ(confusion.count(t, p), c.expected.at("confusion")[t * c.logits.classes + p].get<std::uint64_t>());
      }
      const ClassFigures figures = confusion.figures(t);
      EXPECT_EQ(figures.support, c.expected.at("support")[t].get<std::uint64_t>());
      EXPECT_NEAR(figures.precision, c.expected.at("precision")[t], kRounding);
      EXPECT_NEAR(figures.recall, c.expected.at("recall")[t], kRounding);
      EXPECT_NEAR(figures.f1, c.expected.at("f1")[t], kRounding);
    }
  }
}

void expect_averages(const Averages& found, const Json& expected) {
  const auto near = [](const ClassFigures& figures, const Json& numbers) {
    EXPECT_NEAR(figures.precision, numbers[0], kRounding);
    EXPECT_NEAR(figures.recall, numbers[1], kRounding);
    EXPECT_NEAR(figures.f1, numbers[2], kRounding);
  };
  near(found.macro, expected.at("macro"));
  near(found.micro, expected.at("micro"));
}

TEST(Metrics, AveragesAndMatthewsCorrelationAreThoseOfScikitLearn) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.expected.at("name"));
    const Evaluation found = evaluate(c.probabilities, c.truth, {0, 0.95, 0});
    expect_averages(found.averages, c.expected.at("averages"));
    EXPECT_EQ(found.averages.macro.support, c.truth.size());
    EXPECT_NEAR(found.matthews, c.expected.at("matthews"), kRounding);
  }
}

TEST(Metrics, MatthewsCorrelationOfOneAnswerIsZero) {
  const std::vector<std::size_t> truth{0, 1, 1};
  EXPECT_EQ(Confusion(2, truth, std::vector<std::size_t>{1, 1, 1}).matthews(), 0.0);
  EXPECT_EQ(Confusion(2, truth, truth).matthews(), 1.0);
}

TEST(Metrics, ThresholdsOfBestF1AndWhatTheyDoAreThoseOfScikitLearn) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.expected.at("name"));
    const std::vector<std::optional<double>> thresholds = best_f1_thresholds(c.probabilities, c.truth);
    for (std::size_t k = 0; k < c.logits.classes; ++k) {
      const Json& expected = c.expected.at("f1_thresholds")[k];
      ASSERT_EQ(thresholds[k].has_value(), !expected.is_null());
      if (thresholds[k]) {
        EXPECT_EQ(*thresholds[k], expected.get<double>());
      }
    }
    expect_averages(at_thresholds(c.probabilities, c.truth, thresholds).averages, c.expected.at("at_f1_thresholds"));
  }
}

TEST(Metrics, OfThresholdsWithTheSameF1TheLargestCounts) {
  // Every threshold above 0.10 and up to 0.80 tells the two rows apart.
  const Scores scores{2, {0.8, 0.2, 0.1, 0.9}};
  const std::vector<std::size_t> truth{0, 1};
  EXPECT_EQ(best_f1_thresholds(scores, truth)[0].value(), 0.8);
  // No threshold finds the row: its score is below all but the first, which calls everything.
  EXPECT_EQ(best_f1_thresholds({2, {0.01, 0.99}}, std::vector<std::size_t>{0})[0].value(), 0.0);
  EXPECT_FALSE(best_f1_thresholds({2, {0.01, 0.99}}, std::vector<std::size_t>{0})[1]);
}

TEST(Calls, AScoreBetweenTheCutOffsIsPossible) {
  const CutOffs of_head{0.6, 0.3};
  EXPECT_EQ(name_of(call_of(0.6, of_head)), "positive");
  EXPECT_EQ(name_of(call_of(0.3, of_head)), "negative");
  EXPECT_EQ(name_of(call_of(0.31, of_head)), "possible");
  // Youden's point is the more sensitive one: nothing is left between the two.
  EXPECT_EQ(call_of(0.35, {0.3, 0.6}), Call::kPositive);
  EXPECT_EQ(call_of(0.29, {0.3, 0.6}), Call::kNegative);
}

TEST(Calls, ZeroShotCutOffsAreThemselvesPossibleAndPositive) {
  const CutOffs cut_offs = possible_from(kZeroShotPossible, kZeroShotPositive);
  EXPECT_EQ(call_of(0.20, cut_offs), Call::kPositive);
  EXPECT_EQ(call_of(0.1999, cut_offs), Call::kPossible);
  EXPECT_EQ(call_of(0.08, cut_offs), Call::kPossible);
  EXPECT_EQ(call_of(0.0799, cut_offs), Call::kNegative);
}

TEST(Metrics, AreasUnderTheCurveAreThoseOfScikitLearn) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.expected.at("name"));
    for (std::size_t k = 0; k < c.logits.classes; ++k) {
      const std::optional<double> area = rank(c.probabilities, c.truth, k).auc();
      ASSERT_EQ(area.has_value(), !c.expected.at("auc")[k].is_null());
      if (area) {
        EXPECT_NEAR(*area, c.expected.at("auc")[k], kRounding);
      }
    }
    EXPECT_NEAR(mean_auc(c.probabilities, c.truth).value(), c.expected.at("mean_auc"), kRounding);
  }
}

TEST(Metrics, CurveIsThatOfScikitLearn) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.expected.at("name"));
    const std::vector<RocPoint> curve = rank(c.probabilities, c.truth, 0).curve();
    ASSERT_EQ(curve.size(), c.expected.at("roc_fpr").size());
    EXPECT_EQ(curve.front().threshold, std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < curve.size(); ++i) {
      EXPECT_NEAR(curve[i].false_positive_rate, c.expected.at("roc_fpr")[i], kRounding);
      EXPECT_NEAR(curve[i].true_positive_rate, c.expected.at("roc_tpr")[i], kRounding);
      if (i > 0) {
        EXPECT_NEAR(curve[i].threshold, c.expected.at("roc_thresholds")[i - 1], kRounding);
      }
    }
  }
}

double area(const std::vector<RocPoint>& curve) {
  double sum = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    sum += (curve[i].false_positive_rate - curve[i - 1].false_positive_rate) *
           (curve[i].true_positive_rate + curve[i - 1].true_positive_rate) / 2;
  }
  return sum;
}

TEST(Metrics, CornersDrawTheSameCurveWithFewerPoints) {
  for (const Case& c : cases()) {
    const std::vector<RocPoint> curve = rank(c.probabilities, c.truth, 0).curve();
    const std::vector<RocPoint> drawn = corners(curve);
    EXPECT_LT(drawn.size(), curve.size());
    EXPECT_NEAR(area(drawn), c.expected.at("auc")[0], kRounding);
    EXPECT_EQ(drawn.back().true_positive_rate, 1.0);
  }
  EXPECT_EQ(corners(std::vector<RocPoint>{{0, 0, 0}, {0, 0, 0.5}, {0, 0, 1}, {0, 1, 1}}).size(), 3U);
}

TEST(Metrics, LogLossAndTemperatureAreThoseOfScikitLearnAndScipy) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.expected.at("name"));
    EXPECT_NEAR(log_loss(c.probabilities, c.truth), c.expected.at("log_loss"), kRounding);
    // scipy's search stops at 1e-10 of the logarithm where the loss is flat to the rounding of a double: about 1e-8.
    EXPECT_NEAR(fit_temperature(c.logits, c.truth), c.expected.at("temperature"), 1e-6);
  }
}

TEST(Metrics, OneOutcomeHasNoAreaAndNoCurve) {
  const std::vector<double> scores{0.1, 0.2};
  const std::vector<std::uint8_t> positive{1, 1};
  const RankedScores ranked(scores, positive);
  EXPECT_FALSE(ranked.auc());
  EXPECT_TRUE(ranked.curve().empty());
  EXPECT_FALSE(youden_point({}));
  EXPECT_FALSE(sensitivity_point({}, 0.9));
}

TEST(Metrics, WeightsCountRowsAsOftenAsTheySay) {
  const std::vector<double> scores{0.9, 0.8, 0.7, 0.6, 0.5};
  const std::vector<std::uint8_t> positive{1, 0, 1, 0, 1};
  const std::vector<double> weights{2, 1, 0, 3, 1};
  const std::vector<double> repeated{0.9, 0.9, 0.8, 0.6, 0.6, 0.6, 0.5};
  const std::vector<std::uint8_t> repeated_positive{1, 1, 0, 0, 0, 0, 1};
  EXPECT_DOUBLE_EQ(RankedScores(scores, positive).auc(weights).value(),
                   RankedScores(repeated, repeated_positive).auc().value());
}

/// Ten positives at 0.91 .. 1.00 in steps but one at 0.2; ten negatives, one of them at 0.95.
std::vector<RocPoint> example_curve() {
  std::vector<double> scores{0.2};
  std::vector<std::uint8_t> positive{1};
  for (int i = 1; i < 10; ++i) {
    scores.push_back(0.9 + 0.01 * i);
    positive.push_back(1);
  }
  scores.push_back(0.95);
  positive.push_back(0);
  for (int i = 0; i < 9; ++i) {
    scores.push_back(0.3 + 0.01 * i);
    positive.push_back(0);
  }
  return RankedScores(scores, positive).curve();
}

TEST(Metrics, YoudenPointSeparatesBest) {
  const OperatingPoint point = youden_point(example_curve()).value();
  EXPECT_NEAR(point.threshold, 0.91, kRounding);
  EXPECT_NEAR(point.sensitivity, 0.9, kRounding);
  EXPECT_NEAR(point.specificity, 0.9, kRounding);
}

TEST(Metrics, SensitivityPointIsTheMostSpecificThatIsSensitiveEnough) {
  EXPECT_NEAR(sensitivity_point(example_curve(), 0.9).value().threshold, 0.91, kRounding);
  const OperatingPoint all = sensitivity_point(example_curve(), 0.91).value();
  EXPECT_NEAR(all.threshold, 0.2, kRounding);
  EXPECT_NEAR(all.specificity, 0.0, kRounding);
}

TEST(Metrics, AThresholdChosenElsewhereIsJudgedOnTheseRows) {
  const Scores scores{2, {0.6, 0.4, 0.3, 0.7, 0.8, 0.2, 0.1, 0.9}};
  const std::vector<std::size_t> truth{0, 0, 0, 1};
  const OperatingPoint point = at_threshold(scores, truth, 0, 0.6).value();
  EXPECT_NEAR(point.sensitivity, 2.0 / 3, kRounding);
  EXPECT_NEAR(point.specificity, 1.0, kRounding);
  EXPECT_FALSE(at_threshold(scores, std::vector<std::size_t>{0, 0, 0, 0}, 0, 0.6));
}

TEST(Metrics, ReliabilityOfCertainAnswersThatAreHalfWrong) {
  const Scores certain{2, {1, 0, 1, 0, 0, 1, 0, 1}};
  const Reliability found = reliability(certain, std::vector<std::size_t>{0, 1, 1, 0});
  EXPECT_EQ(found.bins.size(), 10U);
  EXPECT_EQ(found.bins.back().count, 4U);
  EXPECT_DOUBLE_EQ(found.bins.back().confidence, 1.0);
  EXPECT_DOUBLE_EQ(found.bins.back().accuracy, 0.5);
  EXPECT_DOUBLE_EQ(found.expected_error, 0.5);
}

TEST(Metrics, ReliabilityWeighsBinsByTheirRows) {
  // Three rows at 0.6 of which one is right, one at 0.9 that is right: (3 |0.6 - 1/3| + |0.9 - 1|) / 4.
  const Scores scores{2, {0.6, 0.4, 0.6, 0.4, 0.6, 0.4, 0.1, 0.9}};
  EXPECT_NEAR(reliability(scores, std::vector<std::size_t>{0, 1, 1, 1}).expected_error, 0.225, kRounding);
}

TEST(Metrics, TemperatureStaysInItsBounds) {
  const Scores right{2, {1, 0, 0, 1}};
  EXPECT_DOUBLE_EQ(fit_temperature(right, std::vector<std::size_t>{0, 1}), kMinTemperature);
  EXPECT_DOUBLE_EQ(fit_temperature(right, std::vector<std::size_t>{1, 0}), kMaxTemperature);
}

TEST(Metrics, TrueClassAmongTiesCountsInOrder) {
  const Scores tied{3, {1, 1, 1}};
  EXPECT_EQ(top_k_accuracy(tied, std::vector<std::size_t>{0}, 1), 1.0);
  EXPECT_EQ(top_k_accuracy(tied, std::vector<std::size_t>{2}, 2), 0.0);
  EXPECT_EQ(top_k_accuracy(tied, std::vector<std::size_t>{2}, 3), 1.0);
}

TEST(Metrics, WhatMakesNoSenseIsRefused) {
  const std::vector<std::size_t> truth{0, 1};
  expect_error(Code::kBadArgument, {"at least one"}, [&] { check({2, {}}, {}); });
  expect_error(Code::kBadArgument, {"whole rows"}, [&] { check({2, {1, 2, 3}}, truth); });
  expect_error(Code::kBadArgument, {"2 true classes", "1 rows"}, [&] { check({2, {1, 2}}, truth); });
  expect_error(Code::kBadArgument, {"row 2", "true class 1"}, [&] { check({1, {1, 2}}, truth); });
  expect_error(Code::kBadArgument, {"row 1", "not finite"}, [&] { check({2, {NAN, 2, 1, 1}}, truth); });
  expect_error(Code::kBadArgument, {"level: expected between 0 and 1, got 1"}, [&] {
    bootstrap(truth, {10, 1.0, 0}, {});
  });
}

TEST(Bootstrap, SameSeedSameIntervalsAndAnotherSeedOthers) {
  const Case c = cases().front();
  const auto of_seed = [&](std::uint64_t seed) {
    return evaluate(c.probabilities, c.truth, {200, 0.95, seed}).mean_auc.interval.value();
  };
  EXPECT_EQ(of_seed(1).low, of_seed(1).low);
  EXPECT_NE(of_seed(1).low, of_seed(2).low);
}

TEST(Bootstrap, IntervalIsAsWideAsTheBinomialSays) {
  // Accuracy of a class of 100 rows of which 80 are right: standard error 0.04, so 95% is 2 * 1.96 * 0.04 wide. With
  // 4000 samples a percentile is off by some 0.003, and it moves in steps of 0.01.
  std::vector<std::size_t> truth(100, 0);
  Scores scores{2, {}};
  for (int i = 0; i < 100; ++i) {
    scores.values.push_back(i < 80 ? 0.9 : 0.1);
    scores.values.push_back(i < 80 ? 0.1 : 0.9);
  }
  const Interval found = evaluate(scores, truth, {4000, 0.95, 3}).accuracy.interval.value();
  EXPECT_NEAR(found.low, 0.8 - 1.96 * 0.04, 0.015);
  EXPECT_NEAR(found.high, 0.8 + 1.96 * 0.04, 0.015);
}

TEST(Bootstrap, ClassesKeepTheirRows) {
  const std::vector<std::size_t> truth{0, 0, 0, 1};
  const auto intervals = bootstrap(truth, {50, 0.9, 0}, [&](std::span<const double> weights) {
    EXPECT_EQ(weights[0] + weights[1] + weights[2], 3.0);
    return std::vector<std::optional<double>>{weights[3]};
  });
  EXPECT_EQ(intervals[0].value().low, 1.0);
  EXPECT_EQ(intervals[0].value().high, 1.0);
}

TEST(Bootstrap, AFigureThatIsMostlyMissingHasNoInterval) {
  const std::vector<std::size_t> truth{0, 1};
  const auto intervals = bootstrap(truth, {10, 0.95, 0}, [](std::span<const double>) {
    return std::vector<std::optional<double>>{std::nullopt, 1.0};
  });
  EXPECT_FALSE(intervals[0]);
  EXPECT_TRUE(intervals[1]);
}

TEST(Evaluation, HasEveryFigureOfScikitLearn) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.expected.at("name"));
    const Evaluation found = evaluate(c.probabilities, c.truth, {100, 0.95, 0});
    EXPECT_EQ(found.rows, c.truth.size());
    EXPECT_NEAR(found.accuracy.value.value(), c.expected.at("accuracy"), kRounding);
    EXPECT_NEAR(found.balanced_accuracy.value.value(), c.expected.at("balanced_accuracy"), kRounding);
    EXPECT_NEAR(found.mean_auc.value.value(), c.expected.at("mean_auc"), kRounding);
    EXPECT_NEAR(found.log_loss, c.expected.at("log_loss"), kRounding);
    ASSERT_TRUE(found.mean_auc.interval);
    EXPECT_LT(found.mean_auc.interval->low, found.mean_auc.interval->high);
    for (std::size_t k = 0; k < c.logits.classes; ++k) {
      EXPECT_EQ(found.classes[k].auc.value.has_value(), !c.expected.at("auc")[k].is_null());
      EXPECT_EQ(found.classes[k].curve.empty(), c.expected.at("auc")[k].is_null());
    }
  }
}

TEST(Evaluation, ComparingWithItselfGainsNothing) {
  const Case c = cases().front();
  const Gain gain = compare(c.probabilities, c.probabilities, c.truth, {50, 0.95, 0});
  EXPECT_EQ(gain.accuracy.value.value(), 0.0);
  EXPECT_EQ(gain.accuracy.interval.value().high, 0.0);
  EXPECT_EQ(gain.mean_auc.interval.value().low, 0.0);
}

TEST(Evaluation, WithoutSamplesThereAreNoIntervals) {
  const Case c = cases().front();
  EXPECT_FALSE(evaluate(c.probabilities, c.truth, {0, 0.95, 0}).accuracy.interval);
}

}  // namespace
}  // namespace mi2::evaluation
