// The IRMA error, worked by hand from a small table.

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "evaluation/irma_error.hpp"
#include "support/expect_error.hpp"

namespace mi2::evaluation {
namespace {

using test::expect_error;

constexpr double kExact = 1e-12;

/// T and B have two codes, "0" and "1". D has four at its root, two below 1 and three below 12. A ends below 7.
IrmaMeasure measure() {
  const std::array<std::vector<std::string>, kIrmaAxes> codes{
      {{"0", "1"}, {"0", "1", "2", "3", "11", "12", "120", "121", "127"}, {"0", "7", "70", "71", "7a"}, {"0", "1"}}};
  return IrmaMeasure(codes);
}

double direction_error(const std::string& truth, const std::string& answer) {
  return measure().error("1000-" + truth + "-700-000", "1000-" + answer + "-700-000").axes[1].value();
}

// Of D = 127: 1 of 4 at place 1, 1 of 2 at place 2, 1 of 3 at place 3.
constexpr double kFirst = 1.0 / 4;
constexpr double kSecond = 1.0 / (2 * 2);
constexpr double kThird = 1.0 / (3 * 3);
constexpr double kMost = kFirst + kSecond + kThird;

TEST(IrmaError, TheRightCodeCostsNothing) {
  const IrmaError error = measure().error("1000-127-7a0-100", "1000-127-7a0-100");
  EXPECT_EQ(error.image, 0);
  for (const auto& axis : error.axes) EXPECT_EQ(axis, 0);
}

TEST(IrmaError, AMistakeCostsItsPlaceAndAllBehindIt) {
  EXPECT_NEAR(direction_error("127", "121"), kThird / kMost, kExact);
  EXPECT_NEAR(direction_error("127", "117"), (kSecond + kThird) / kMost, kExact);
  EXPECT_NEAR(direction_error("127", "227"), 1, kExact);
}

TEST(IrmaError, AnOpenPlaceCostsHalfAndSoDoAllBehindIt) {
  EXPECT_NEAR(direction_error("127", "12*"), 0.5 * kThird / kMost, kExact);
  EXPECT_NEAR(direction_error("127", "1**"), 0.5 * (kSecond + kThird) / kMost, kExact);
  EXPECT_NEAR(direction_error("127", "1*7"), 0.5 * (kSecond + kThird) / kMost, kExact);
  EXPECT_NEAR(direction_error("127", "***"), 0.5, kExact);
}

TEST(IrmaError, BehindAMistakeAnOpenPlaceIsWrong) {
  EXPECT_NEAR(direction_error("127", "11*"), (kSecond + kThird) / kMost, kExact);
}

TEST(IrmaError, AnOpenPlaceIsRightWhereTheTruthSaysNothing) {
  EXPECT_NEAR(direction_error("120", "12*"), 0, kExact);
  // 300: three places, 1 of 4, then two zeros past the table, which leave no choice.
  EXPECT_NEAR(direction_error("300", "3**"), 0, kExact);
  EXPECT_NEAR(direction_error("300", "3*0"), 0.5 * (1.0 / 3) / (1.0 / 4 + 1.0 / 2 + 1.0 / 3), kExact);
}

TEST(IrmaError, ZerosPastTheTableWeighAsOneChoice) {
  EXPECT_NEAR(direction_error("300", "301"), (1.0 / 3) / (1.0 / 4 + 1.0 / 2 + 1.0 / 3), kExact);
}

TEST(IrmaError, TheImagesErrorIsAQuarterOfEachAxis) {
  // T wholly wrong, D half open, A wrong in its third place: 1 of 2, 1 of 3, and a zero past the table.
  const IrmaError error = measure().error("1000-127-7a0-100", "0000-***-7a1-100");
  const double anatomy = (1.0 / 3) / (1.0 / 2 + 1.0 / 6 + 1.0 / 3);
  EXPECT_NEAR(error.axes[0].value(), 1, kExact);
  EXPECT_NEAR(error.axes[1].value(), 0.5, kExact);
  EXPECT_NEAR(error.axes[2].value(), anatomy, kExact);
  EXPECT_NEAR(error.axes[3].value(), 0, kExact);
  EXPECT_NEAR(error.image, 0.25 * (1 + 0.5 + anatomy), kExact);
  EXPECT_NEAR(measure().error("1000-127-7a0-100", "0000-227-000-000").image, 1, kExact);
}

TEST(IrmaError, AnAxisThatIsNotJudgedCostsNothing) {
  const IrmaError error = measure().error("1000-C00-700-000", "1000-127-700-000");
  EXPECT_FALSE(error.axes[1]);
  EXPECT_EQ(error.image, 0);
}

TEST(IrmaError, ACodeThatTheTableDoesNotHaveIsNoTruth) {
  EXPECT_TRUE(measure().has("1000-127-7a0-100"));
  EXPECT_TRUE(measure().has("1000-C00-700-000"));
  for (const std::string code : {"1000-197-700-000", "2000-127-700-000", "1000-130-700-000", "1000-127-700", ""}) {
    EXPECT_FALSE(measure().has(code)) << code;
  }
}

TEST(IrmaError, CodesOfAnotherFormAreRefused) {
  const auto refuse = [](const std::string& truth, const std::string& answer, const std::string& word) {
    expect_error(Code::kBadArgument, {word}, [&] { static_cast<void>(measure().error(truth, answer)); });
  };
  refuse("1000-127-700", "1000-127-700-000", "got 3");
  refuse("1000-127-700-000", "1000-127-700-000-1", "the answer");
  refuse("1000-127-700-000", "1000-12-700-000", "3 digits, the answer 2");
  refuse("1000-197-700-000", "1000-127-700-000", "axis 2");
  refuse("", "", "the truth");
}

}  // namespace
}  // namespace mi2::evaluation
