#include "train/schedule/schedule.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/expect_error.hpp"

namespace mi2::train {
namespace {

using Expected = std::vector<std::pair<std::int64_t, double>>;

// Expected values: CosineLRScheduler of timm 1.0.20 with t_in_epochs=False, its _get_lr(step). The formula is the same;
// a few units in the last place are left to the order of its terms.
void expect_rates(const LearningRates& schedule, const Expected& expected) {
  for (const auto& [step, rate] : expected) {
    EXPECT_NEAR(schedule.learning_rate(step), rate, 1e-12 * rate + 1e-18) << "step " << step;
  }
}

TEST(LearningRates, EqualsTimmWithWarmUpInSteps) {
  expect_rates(LearningRates({0, 50, 1e-6, 1e-5}, 1e-3, 913, 19), {{0, 1e-06},
                                                                   {1, 2.0980000000000002e-05},
                                                                   {25, 0.0005005000000000001},
                                                                   {49, 0.00098002},
                                                                   {50, 0.0009926919440746366},
                                                                   {51, 0.0009923974566647398},
                                                                   {456, 0.0005058516361425734},
                                                                   {457, 0.0005041483638574269},
                                                                   {912, 1.0002930440886191e-05},
                                                                   {913, 1e-05},
                                                                   {2000, 1e-05}});
}

TEST(LearningRates, EqualsTimmWithWarmUpInEpochs) {
  expect_rates(LearningRates({2.5, 0, 1e-9, 1e-9}, 5e-6, 15, 2), {{0, 1e-09},
                                                                  {1, 1.0008000000000002e-06},
                                                                  {2, 2.0006000000000004e-06},
                                                                  {3, 3.0004000000000005e-06},
                                                                  {4, 4.0002e-06},
                                                                  {5, 3.7502500000000006e-06},
                                                                  {6, 3.2728879774401818e-06},
                                                                  {7, 2.7617688939375004e-06},
                                                                  {8, 2.239231106062501e-06},
                                                                  {9, 1.7281120225598195e-06},
                                                                  {10, 1.250750000000001e-06},
                                                                  {11, 8.280080494060348e-07},
                                                                  {12, 4.783620225598191e-07},
                                                                  {13, 2.1709312862231888e-07},
                                                                  {14, 5.562007196585269e-08},
                                                                  {15, 1e-09},
                                                                  {16, 1e-09}});
}

TEST(LearningRates, EqualsTimmWithoutWarmUp) {
  expect_rates(LearningRates({}, 0.1, 10, 1), {{0, 0.1},
                                               {1, 0.09755282581475769},
                                               {4, 0.06545084971874737},
                                               {5, 0.05},
                                               {9, 0.0024471741852423235},
                                               {10, 0},
                                               {11, 0}});
}

TEST(LearningRates, ScalesTheRateOfAGroupButNeverBelowItsOwnPeak) {
  const LearningRates schedule({0, 10, 1e-6, 1e-5}, 1e-3, 100, 1);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(0, 0.1), 1e-6);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(5, 0.1), 1e-6 + 0.5 * (1e-4 - 1e-6));
  EXPECT_DOUBLE_EQ(schedule.learning_rate(100, 0.1), 1e-5);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(100, 0.001), 1e-6) << "a group's rate does not grow towards min_lr";
}

TEST(LearningRates, RefusesAWarmUpLongerThanTheRun) {
  mi2::test::expect_error(Code::kBadArgument, {"takes 20 steps, the whole run has 10"}, [] {
    LearningRates({2, 0, 0, 0}, 1, 10, 10);
  });
  mi2::test::expect_error(Code::kBadArgument, {"at least one step"}, [] { LearningRates({}, 1, 0, 1); });
}

TEST(Cadence, IsDueBySteps) {
  const Cadence cadence{5, 0, 0};
  EXPECT_FALSE(is_due(cadence, 0, 10));
  EXPECT_FALSE(is_due(cadence, 4, 10));
  EXPECT_TRUE(is_due(cadence, 5, 10));
  EXPECT_TRUE(is_due(cadence, 10, 10));
  EXPECT_FALSE(is_due({}, 10, 10));
}

TEST(Cadence, IsDueAsOftenAsFractionsOfEpochsSay) {
  for (const auto& [epochs, expected] : std::vector<std::pair<double, int>>{{1, 10}, {0.5, 20}, {2, 5}, {1.5, 6}}) {
    int due = 0;
    for (std::int64_t step = 1; step <= 70; ++step) due += is_due({0, epochs, 0}, step, 7) ? 1 : 0;
    EXPECT_EQ(due, expected) << epochs;
  }
  EXPECT_TRUE(is_due({0, 0.001, 0}, 1, 7)) << "never more often than every step";
}

ScheduleOptions options_of(ScheduleOptions::Kind kind, int cycles = 1, double mul = 1, double decay = 1) {
  ScheduleOptions options;
  options.warmup_steps = 2;
  options.min_lr = 0.01;
  options.kind = kind;
  options.cycles = cycles;
  options.cycle_mul = mul;
  options.cycle_decay = decay;
  return options;
}

TEST(LearningRates, GoDownInALineFromTheEndOfTheWarmUp) {
  const LearningRates rates(options_of(ScheduleOptions::Kind::kLinear), 0.81, 10, 1);
  expect_rates(rates, {{0, 0}, {1, 0.405}, {2, 0.81}, {3, 0.71}, {6, 0.41}, {9, 0.11}, {10, 0.01}, {20, 0.01}});
  EXPECT_DOUBLE_EQ(rates.learning_rate(6, 0.5), 0.01 + (0.405 - 0.01) / 2);
}

// Expected values: CosineLRScheduler of timm 1.0.20, t_in_epochs=False, with t_initial 10, cycle_mul 2, cycle_decay
// 0.5, cycle_limit 3 and lr_min 0.01, its _get_lr(step), before the last step.
TEST(LearningRates, BeginAgainAtEachWarmRestartAsTimms) {
  const LearningRates rates(options_of(ScheduleOptions::Kind::kCosine, 3, 2, 0.5), 0.8, 70, 1);
  expect_rates(rates, {{1, 0.4},
                       {2, 0.7245617127781043},
                       {9, 0.02933267606341436},
                       {10, 0.4},
                       {20, 0.20500000000000002},
                       {29, 0.012400773583948158},
                       {30, 0.2},
                       {50, 0.105},
                       {69, 0.010292853295352844},
                       {70, 0.01}});
}

TEST(LearningRates, RefuseAWarmUpLongerThanTheFirstCycle) {
  ScheduleOptions options = options_of(ScheduleOptions::Kind::kCosine, 4);
  options.warmup_steps = 6;
  mi2::test::expect_error(Code::kBadArgument, {"warm-up", "first cycle has 5"},
                          [&] { LearningRates(options, 0.8, 20, 1); });
}

TEST(LearningRates, RefuseCyclesWhoseFirstHasNoStep) {
  for (const double growth : {2.0, 10.0}) {  // of the latter 1,000 powers the sum is no number
    mi2::test::expect_error(Code::kBadArgument, {"LR_SCHEDULER_PARAMS.cycles", "at least one step"}, [&] {
      LearningRates(options_of(ScheduleOptions::Kind::kCosine, 1000, growth, 1), 0.8, 20, 1);
    });
  }
}

}  // namespace
}  // namespace mi2::train
