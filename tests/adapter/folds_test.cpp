// Which rows are held out together, and what is chosen on few of them. That folds are scikit-learn's is tested from
// Python (cli/test_groups.py).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/calibrate.hpp"
#include "adapter/folds.hpp"
#include "adapter/splitting.hpp"
#include "adapter/training.hpp"
#include "support/expect_error.hpp"

namespace mi2::adapter {
namespace {

TEST(GroupFolds, RowsOfAGroupAreInOneFoldAndLabelsAreSpread) {
  std::vector<std::size_t> classes;
  std::vector<std::size_t> groups;
  for (std::size_t g = 0; g < 20; ++g) {
    for (std::size_t i = 0; i < 1 + g % 3; ++i) {
      classes.push_back(g % 2);
      groups.push_back(1000 - g);
    }
  }
  const Folds folds = folds_of_groups(classes, 2, groups, 4);
  std::vector<std::size_t> labels_of_fold(4);
  for (std::size_t r = 0; r < groups.size(); ++r) {
    for (std::size_t other = 0; other < groups.size(); ++other) {
      EXPECT_TRUE(groups[r] != groups[other] || folds.of_row[r] == folds.of_row[other]);
    }
    labels_of_fold[folds.of_row[r]] |= std::size_t{1} << classes[r];
  }
  EXPECT_THAT(labels_of_fold, ::testing::Each(3U));
}

TEST(GroupShare, HoldsOutWholeGroupsAndLeavesEveryLabelSome) {
  // Label 2 is of group 3 alone.
  const std::vector<std::size_t> classes{0, 0, 1, 1, 0, 1, 2, 2, 0, 1, 0, 1};
  const std::vector<std::size_t> groups{0, 0, 0, 1, 1, 1, 3, 3, 4, 4, 5, 5};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<std::uint8_t> held = share_of_groups(classes, 3, groups, 0.3, seed);
    std::set<std::size_t> of_held;
    std::set<std::size_t> of_kept;
    std::set<std::size_t> labels;
    for (std::size_t r = 0; r < held.size(); ++r) {
      (held[r] != 0 ? of_held : of_kept).insert(groups[r]);
      if (held[r] == 0) labels.insert(classes[r]);
    }
    EXPECT_FALSE(of_held.empty());
    EXPECT_EQ(labels.size(), 3U);
    for (const std::size_t group : of_held) EXPECT_FALSE(of_kept.contains(group));
  }
}

TEST(GroupShare, NoGroupIsHeldOutThatIsAllThereIsOfALabel) {
  EXPECT_THAT(share_of_groups(std::vector<std::size_t>{0, 0, 1, 1}, 2, std::vector<std::size_t>{0, 0, 1, 1}, 0.2, 1),
              ::testing::Each(0));
}

Evaluated evaluated(std::vector<double> logits, std::vector<std::size_t> classes,
                    std::vector<std::size_t> groups = {}) {
  std::vector<std::size_t> ids(classes.size());
  std::iota(ids.begin(), ids.end(), std::size_t{0});
  return {"val", {2, std::move(logits)}, std::move(classes), std::move(ids), std::move(groups)};
}

/// Rows of both labels in turn, of which every tenth is wrong.
Evaluated alternating(std::size_t rows, std::size_t rows_per_group) {
  std::vector<double> logits;
  std::vector<std::size_t> classes;
  std::vector<std::size_t> groups;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t group = r / rows_per_group;
    const double right = group % 10 == 9 ? -2 : 2;
    classes.push_back(group % 2);
    groups.push_back(group);
    logits.insert(logits.end(), {0, classes.back() == 1 ? right : -right});
  }
  return evaluated(logits, classes, groups);
}

TEST(Calibration, EnoughRowsTellATemperatureAndThresholds) {
  const Calibration found = calibrate(alternating(200, 1));
  EXPECT_TRUE(found.why_not.empty());
  EXPECT_NE(found.temperature, 1);
  EXPECT_TRUE(found.thresholds[1].youden.has_value());
}

TEST(Calibration, AHandfulOfRowsOrPatientsTellsNone) {
  Evaluated patients = alternating(200, 50);  // four of them
  patients.logits.values[1] = 2;              // and one row that is wrong
  for (const Evaluated& few : {evaluated({0, 1, 0, -1, 0, 1, 0, 2}, {1, 0, 0, 1}), patients}) {
    const Calibration found = calibrate(few);
    EXPECT_EQ(found.temperature, 1);
    EXPECT_THAT(found.why_not, ::testing::HasSubstr("too few"));
    EXPECT_FALSE(found.thresholds[0].youden.has_value());
  }
}

TEST(Calibration, OneRowOfALabelTellsNone) {
  std::vector<double> logits;
  std::vector<std::size_t> classes;
  for (std::size_t r = 0; r < 40; ++r) {
    classes.push_back(r == 0 ? 1 : 0);
    logits.insert(logits.end(), {0, -2});
  }
  const Calibration found = calibrate(evaluated(logits, classes));
  EXPECT_EQ(found.temperature, 1);
  EXPECT_FALSE(found.thresholds[1].sensitive.has_value());
}

TEST(Calibration, ATemperatureThatRowsLeaveOpenStaysOne) {
  const Calibration found = calibrate(alternating(12, 1));
  EXPECT_EQ(found.temperature, 1);
  EXPECT_THAT(found.why_not, ::testing::HasSubstr("open"));
}

TEST(Calibration, ATemperatureWithoutBoundStaysOne) {
  // Logits that point the wrong way: the flatter, the better.
  std::vector<double> logits;
  std::vector<std::size_t> classes;
  for (std::size_t r = 0; r < 40; ++r) {
    classes.push_back(r % 2);
    logits.insert(logits.end(), {0, (r % 2 == 1) == (r % 8 > 1) ? -2.0 : 2.0});
  }
  const Calibration found = calibrate(evaluated(logits, classes));
  EXPECT_EQ(found.temperature, 1);
  EXPECT_THAT(found.why_not, ::testing::HasSubstr("no bound"));
}

}  // namespace
}  // namespace mi2::adapter
