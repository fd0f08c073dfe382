// Intervals and temperatures where rows come in groups: patients of several rows each.

#include <cmath>
#include <cstddef>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "evaluation/evaluation.hpp"
#include "support/expect_error.hpp"

namespace mi2::evaluation {
namespace {

using test::expect_error;

struct Rows {
  Scores probabilities{2, {}};
  std::vector<std::size_t> truth;
  std::vector<std::size_t> groups;
};

/// Rows of two classes, of which some are wrong, each `times` times in one group.
Rows repeated(std::size_t count, std::size_t times) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> even(0, 1);
  Rows rows;
  for (std::size_t g = 0; g < count; ++g) {
    const std::size_t label = g % 2;
    const double right = 0.2 + 0.75 * even(random);
    for (std::size_t i = 0; i < times; ++i) {
      rows.truth.push_back(label);
      rows.groups.push_back(7 * g + 3);
      rows.probabilities.values.push_back(label == 0 ? right : 1 - right);
      rows.probabilities.values.push_back(label == 0 ? 1 - right : right);
    }
  }
  return rows;
}

TEST(GroupBootstrap, RowsRepeatedInAGroupMakeNoIntervalNarrower) {
  const Rows once = repeated(60, 1);
  const Rows often = repeated(60, 8);
  const Evaluation plain = evaluate(once.probabilities, once.truth, {300, 0.95, 1});
  const Evaluation grouped = evaluate(often.probabilities, often.truth, {300, 0.95, 1}, often.groups);
  const Evaluation by_row = evaluate(often.probabilities, often.truth, {300, 0.95, 1});
  const auto width = [](const Figure& figure) { return figure.interval.value().high - figure.interval.value().low; };
  // The same draws, and sums of eight times as many terms.
  EXPECT_NEAR(grouped.mean_auc.interval.value().low, plain.mean_auc.interval.value().low, 1e-12);
  EXPECT_NEAR(grouped.accuracy.interval.value().high, plain.accuracy.interval.value().high, 1e-12);
  EXPECT_LT(width(by_row.mean_auc), 0.5 * width(grouped.mean_auc));
}

TEST(GroupBootstrap, GroupsOfOneRowEachGiveTheIntervalsOfRows) {
  const Rows rows = repeated(40, 1);
  const auto by_row = evaluate(rows.probabilities, rows.truth, {100, 0.9, 2}).accuracy.interval.value();
  const auto by_group = evaluate(rows.probabilities, rows.truth, {100, 0.9, 2}, rows.groups).accuracy.interval.value();
  EXPECT_EQ(by_row.low, by_group.low);
  EXPECT_EQ(by_row.high, by_group.high);
}

TEST(GroupBootstrap, GroupsAreDrawnWholeAndStayInTheStratumOfTheirRarestLabel) {
  // Two groups have the rare label 1, each with rows of label 0 too.
  const std::vector<std::size_t> truth{0, 1, 0, 1, 0, 0, 0, 0};
  const std::vector<std::size_t> groups{9, 9, 4, 4, 1, 1, 2, 3};
  bootstrap(truth, groups, {50, 0.9, 0}, [&](std::span<const double> weights) {
    EXPECT_EQ(weights[0], weights[1]);
    EXPECT_EQ(weights[2], weights[3]);
    EXPECT_EQ(weights[4], weights[5]);
    EXPECT_EQ(weights[1] + weights[3], 2);
    EXPECT_EQ(weights[4] + weights[6] + weights[7], 3);
    return std::vector<std::optional<double>>{};
  });
}

TEST(GroupBootstrap, GroupsOfAnotherNumberOfRowsAreRefused) {
  const std::vector<std::size_t> truth{0, 1};
  const std::vector<std::size_t> groups{0};
  expect_error(Code::kBadArgument, {"one per row, got 1 for 2 rows"}, [&] { bootstrap(truth, groups, {}, {}); });
}

TEST(GroupBootstrap, FiguresOfAHandfulOfGroupsHaveNoInterval) {
  const Rows few = repeated(8, 10);  // four groups of each label
  const Evaluation found = evaluate(few.probabilities, few.truth, {100, 0.95, 0}, few.groups);
  EXPECT_TRUE(found.accuracy.interval.has_value());
  EXPECT_FALSE(found.mean_auc.interval.has_value());
  EXPECT_FALSE(found.balanced_accuracy.interval.has_value());
  EXPECT_FALSE(found.classes[0].auc.interval.has_value());
  EXPECT_TRUE(evaluate(few.probabilities, few.truth, {100, 0.95, 0}).mean_auc.interval.has_value());
  const Rows enough = repeated(10, 10);
  EXPECT_TRUE(evaluate(enough.probabilities, enough.truth, {100, 0.95, 0}, enough.groups).mean_auc.interval);
}

TEST(GroupBootstrap, AGroupOfTwoLabelsIsOneGroup) {
  Rows rows = repeated(8, 10);
  for (std::size_t r = 0; r < rows.groups.size(); ++r) rows.groups[r] = r / 20;  // four, each of both labels
  EXPECT_FALSE(evaluate(rows.probabilities, rows.truth, {100, 0.95, 0}, rows.groups).accuracy.interval.has_value());
}

TEST(GroupBootstrap, RowsThatAreAllRightAreNotCertain) {
  const Scores right{2,
                     {0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.9, 0.1, 0.9, 0.1, 0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.1, 0.9, 0, 1}};
  const std::vector<std::size_t> truth{0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
  const Evaluation found = evaluate(right, truth, {100, 0.95, 0});
  EXPECT_EQ(found.accuracy.value.value(), 1.0);
  EXPECT_FALSE(found.accuracy.interval.has_value());
  EXPECT_FALSE(found.classes[1].auc.interval.has_value());
}

TEST(GroupCounts, SayHowManyGroupsHaveALabelAndHowManyAnother) {
  const std::vector<std::size_t> truth{0, 1, 0, 0, 1};
  const std::vector<std::size_t> groups{5, 5, 6, 6, 7};
  const auto counts = count_groups(truth, groups, 3);
  EXPECT_EQ(counts[0].with, 2U);
  EXPECT_EQ(counts[0].without, 2U);
  EXPECT_EQ(counts[1].with, 2U);
  EXPECT_EQ(counts[1].without, 2U);
  EXPECT_EQ(counts[2].with, 0U);
  EXPECT_EQ(counts[2].without, 3U);
  EXPECT_EQ(count_groups(truth, {}, 2)[0].with, 3U);
}

Scores logits_of(const Rows& rows) {
  Scores logits = rows.probabilities;
  for (double& value : logits.values) value = std::log(value);
  return logits;
}

TEST(TemperatureError, RowsRepeatedInAGroupTellNoMore) {
  const Rows once = repeated(60, 1);
  const Rows often = repeated(60, 8);
  const FittedTemperature plain = fit_temperature_with_error(logits_of(once), once.truth, {});
  const FittedTemperature grouped = fit_temperature_with_error(logits_of(often), often.truth, often.groups);
  EXPECT_NEAR(grouped.temperature, plain.temperature, 1e-9);
  EXPECT_NEAR(grouped.log_error, plain.log_error, 1e-9);
  EXPECT_NEAR(fit_temperature_with_error(logits_of(often), often.truth, {}).log_error, plain.log_error / std::sqrt(8),
              1e-9);
}

TEST(TemperatureError, IsThatOfDrawnRows) {
  // The spread of the fitted temperature over data sets drawn from its own model.
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0, 2);
  std::uniform_real_distribution<double> even(0, 1);
  double sum = 0;
  double squares = 0;
  double error = 0;
  constexpr int kSets = 200;
  for (int set = 0; set < kSets; ++set) {
    Scores logits{2, {}};
    std::vector<std::size_t> truth;
    for (int r = 0; r < 200; ++r) {
      const double logit = normal(random);
      logits.values.insert(logits.values.end(), {0, logit});
      truth.push_back(even(random) < 1 / (1 + std::exp(-logit / 1.5)) ? 1 : 0);
    }
    const FittedTemperature found = fit_temperature_with_error(logits, truth, {});
    sum += std::log(found.temperature);
    squares += std::log(found.temperature) * std::log(found.temperature);
    error += found.log_error / kSets;
  }
  // A standard deviation of 200 draws is off by 5 % itself.
  EXPECT_NEAR(error, std::sqrt(squares / kSets - sum / kSets * (sum / kSets)), 0.15 * error);
  EXPECT_NEAR(std::exp(sum / kSets), 1.5, 0.1);
}

TEST(TemperatureError, AtABoundNothingIsTold) {
  const Scores right{2, {1, 0, 0, 1}};
  EXPECT_TRUE(std::isinf(fit_temperature_with_error(right, std::vector<std::size_t>{0, 1}, {}).log_error));
}

}  // namespace
}  // namespace mi2::evaluation
