// Harrell's C and figures of findings, where the tests of the program (cli/test_adapter_targets.py) do not look.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluation/findings.hpp"
#include "evaluation/survival.hpp"
#include "support/expect_error.hpp"

namespace mi2::evaluation {
namespace {

using test::expect_error;

TEST(Concordance, OfEqualTimesTheCensoredOutlastsTheEvent) {
  const std::vector<double> times{5, 5, 5, 2};
  const std::vector<std::size_t> events{1, 0, 1, 0};
  // Each event with the censored row; the two events make no pair, and nobody outlasts the row censored at 2.
  const Concordance found = SurvivalRows(std::vector<double>{3, 2, 1, 9}, times, events).concordance();
  EXPECT_EQ(found.pairs, 2);
  EXPECT_EQ(found.concordant, 1);
  EXPECT_EQ(found.index(), 0.5);
}

TEST(Concordance, EqualRisksCountHalfAndNoEventMakesNoPair) {
  const std::vector<double> times{1, 2, 3};
  const std::vector<double> risks{1, 1, 1};
  EXPECT_EQ(SurvivalRows(risks, times, std::vector<std::size_t>{1, 1, 1}).concordance().index(), 0.5);
  EXPECT_EQ(SurvivalRows(risks, times, std::vector<std::size_t>{0, 0, 0}).concordance().index(), std::nullopt);
}

TEST(Concordance, WeightsAreAsManyRows) {
  const std::vector<double> risks{4, 1, 3, 2, 2};
  const std::vector<double> times{1, 2, 2, 3, 4};
  const std::vector<std::size_t> events{1, 1, 0, 1, 0};
  const Concordance weighted = SurvivalRows(risks, times, events).concordance(std::vector<double>{2, 1, 0, 1, 3});
  const Concordance repeated =
      SurvivalRows(std::vector<double>{4, 4, 1, 2, 2, 2, 2}, std::vector<double>{1, 1, 2, 3, 4, 4, 4},
                   std::vector<std::size_t>{1, 1, 1, 1, 0, 0, 0})
          .concordance();
  EXPECT_EQ(weighted.pairs, repeated.pairs);
  EXPECT_EQ(weighted.concordant, repeated.concordant);
  EXPECT_EQ(weighted.tied, repeated.tied);
}

TEST(Concordance, OnlyRowsOfOneStratumArePairs) {
  const std::vector<double> risks{1, 2, 30, 20};
  const std::vector<double> times{2, 1, 1, 2};
  const std::vector<std::size_t> events{1, 1, 1, 1};
  const SurvivalRows rows(risks, times, events, std::vector<std::size_t>{0, 0, 1, 1});
  EXPECT_EQ(rows.concordance().pairs, 2);
  EXPECT_EQ(rows.concordance().index(), 1);
}

TEST(Concordance, NumbersThatAreNotFiniteAreRefused) {
  expect_error(Code::kBadArgument, {"row 1", "not finite"},
               [] { SurvivalRows(std::vector<double>{NAN}, std::vector<double>{1}, std::vector<std::size_t>{1}); });
}

TEST(Concordance, FewEventsHaveNoInterval) {
  const std::vector<double> numbers{1, 2, 3, 4, 5, 6};
  const Figure figure =
      concordance_figure(numbers, numbers, std::vector<std::size_t>{1, 1, 1, 1, 0, 0}, {}, {}, {100, 0.95, 0});
  EXPECT_EQ(figure.value, 0.0);
  EXPECT_FALSE(figure.interval);
  EXPECT_EQ(figure.why, "fewer than 5 events");
}

TEST(Findings, AnUnknownTruthDoesNotCount) {
  const Scores scores{2, {0.9, 0.1, 0.2, 0.8, 0.3, 0.7, 0.6, 0.9}};
  const std::vector<std::uint8_t> truth{1, 0, 0, 1, 1, kUnknown, kUnknown, kUnknown};
  const FindingsEvaluation found = evaluate_findings(scores, truth, std::vector<double>{0.5, 0.5}, {0, 0.95, 0});
  EXPECT_EQ(found.labels[0].positives, 2U);
  EXPECT_EQ(found.labels[1].negatives, 1U);
  EXPECT_EQ(found.labels[0].auc.value, 1.0);
  EXPECT_EQ(found.labels[1].auc.value, 1.0);
  EXPECT_EQ(found.labels[0].figures.recall, 0.5);
  // Of three rows that are known at all, two are right; of five cells, one is wrong.
  EXPECT_EQ(found.exact_match, 2.0 / 3);
  EXPECT_EQ(found.hamming_loss, 0.2);
}

TEST(Findings, ALabelOfOneSideHasNoAreaAndTheMeanIsOfTheOthers) {
  const Scores scores{2, {0.9, 0.1, 0.2, 0.8}};
  const FindingsEvaluation found =
      evaluate_findings(scores, std::vector<std::uint8_t>{1, 0, 0, 0}, std::vector<double>{0.5, 0.5}, {50, 0.95, 0});
  EXPECT_FALSE(found.labels[1].auc.value);
  EXPECT_EQ(found.mean_auc.value, 1.0);
  EXPECT_FALSE(found.mean_auc.interval);
}

TEST(Findings, MoreThanTheLimitAreRefusedByTheirNumberAlone) {
  EXPECT_NO_THROW(check_size_of_findings(kMaxFindings / 64, 64));
  EXPECT_NO_THROW(check_size_of_findings(SIZE_MAX, 0));
  expect_error(Code::kTooLarge, {"1048577 rows of 64 labels", "67108864"},
               [] { check_size_of_findings(kMaxFindings / 64 + 1, 64); });
  expect_error(Code::kTooLarge, {"2 labels"}, [] { check_size_of_findings(SIZE_MAX, 2); });
}

TEST(Findings, ListsThatDoNotFitAreRefused) {
  expect_error(Code::kBadArgument, {"1 scores, 2 truths and 1 thresholds"}, [] {
    evaluate_findings({1, {0.5}}, std::vector<std::uint8_t>{1, 0}, std::vector<double>{0.5}, {0, 0.95, 0});
  });
}

}  // namespace
}  // namespace mi2::evaluation
