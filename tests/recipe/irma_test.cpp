// The IRMA code's table and texts. The tables are made up of words of the published texts.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "recipe/steps/irma_codes.hpp"
#include "support/expect_error.hpp"

namespace mi2::recipe {
namespace {

using test::expect_error;

constexpr std::string_view kTable =
    "** T\n\n[1] x-ray\n[11] plain radiography\n"
    "** D\n[0] unspecified\n[1] coronal\n[12] anteroposterior (AP, coronal)\n[120] unspecified\n[127] supine\n"
    "[2] sagittal\n[20] unspecified\n[23] mediolateral\n"
    "[4] other orientation\n[4b] occipitofrontal\n"
    "** A\r\n[0] unspecified\r\n[7] abdomen\r\n[70] unspecified\r\n[9] lower extremity / leg\r\n[91] foot\r\n[91a] "
    "toe\r\n"
    "** B\n[0] unspecified\n[5] uropoietic system\n[50] unspecified";

TEST(IrmaCodes, TheTextIsOfAnatomyAndDirection) {
  const IrmaTable table = parse_irma_table(kTable, "codes");
  EXPECT_EQ(irma_text(table, "1121-127-700-500"), "abdomen unspecified, coronal anteroposterior (AP, coronal) supine");
  EXPECT_EQ(irma_text(table, "1121-120-91a-700"),
            "lower extremity / leg foot toe, coronal anteroposterior (AP, coronal) unspecified");
}

TEST(IrmaCodes, AZeroSaysUnspecifiedOnceAndOnlyWhereTheTableDoes) {
  const IrmaTable table = parse_irma_table(kTable, "codes");
  EXPECT_EQ(irma_text(table, "1121-230-700-500"), "abdomen unspecified, sagittal mediolateral");
  EXPECT_EQ(irma_text(table, "1121-200-000-500"), "unspecified, sagittal unspecified");
  EXPECT_EQ(irma_text(table, "1121-4b0-910-700"), "lower extremity / leg foot, other orientation occipitofrontal");
}

TEST(IrmaCodes, WhatTheTableDoesNotHaveHasNoText) {
  const IrmaTable table = parse_irma_table(kTable, "codes");
  for (const std::string code :
       {"1121-128-700-500", "1121-127-300-500", "1121-127-705-500", "1121-127-700", "1121-12-700-500",
        "1121-127-700-500-1", "1121-12*-700-500", "", "---", "1121-127-7A0-500"}) {
    EXPECT_FALSE(irma_text(table, code)) << code;
  }
}

TEST(IrmaTexts, ATextIsTheCodesOfItsAnatomyAndDirection) {
  const IrmaTable table = parse_irma_table(kTable, "codes");
  const IrmaTexts texts(table);
  for (const std::string code : {"127-700", "120-91a", "230-700", "200-000", "4b0-910", "000-000"}) {
    const auto text = irma_text(table, "1121-" + code + "-500");
    ASSERT_TRUE(text) << code;
    EXPECT_EQ(texts.code_of(*text), "****-" + code + "-***") << *text;
  }
  for (const std::string text : {"abdomen, sideways", "", ", ", "abdomen unspecified"}) {
    EXPECT_FALSE(texts.code_of(text)) << text;
  }
}

TEST(IrmaTexts, PlacesInWhichCodesOfOneTextDifferAreOpen) {
  const IrmaTable table =
      parse_irma_table("** T\n** D\n[1] coronal\n** A\n[7] abdomen\n[71] liver\n[72] liver\n** B\n", "codes");
  EXPECT_EQ(IrmaTexts(table).code_of("abdomen liver, coronal"), "****-100-7**-***");
}

TEST(IrmaCodes, OfTheFourFilesEachIsAnAxis) {
  const IrmaAxis axis = parse_irma_axis(
      "\xEF\xBB\xBF"
      "code;label\r\n7;abdomen\r\n70;unspecified\r\n12;\"AP, coronal\"\r\n;\r\n",
      "C.csv");
  EXPECT_THAT(axis, ::testing::ElementsAre(std::pair("12", "AP, coronal"), std::pair("7", "abdomen"),
                                           std::pair("70", "unspecified")));
  EXPECT_EQ(parse_irma_axis("7;abdomen\n", "C.csv").size(), 1U);
}

TEST(IrmaCodes, ATableThatIsNoneIsRefusedWithItsLine) {
  expect_error(Code::kBadFile, {"codes: line 2", "[CODE] LABEL"}, [] { parse_irma_table("** T\nsecret", "codes"); });
  expect_error(Code::kBadFile, {"codes: line 1", "begins an axis"}, [] { parse_irma_table("[1] x", "codes"); });
  expect_error(Code::kBadFile, {"expected 4 axes", "got 1"}, [] { parse_irma_table("** T\n[1] x", "codes"); });
  expect_error(Code::kBadFile, {"line 5", "more"}, [] { parse_irma_table("** T\n** D\n** A\n** B\n** C\n", "codes"); });
  expect_error(Code::kBadFile, {"line 3", "already"}, [] { parse_irma_table("** T\n[1] x\n[1] y", "codes"); });
  expect_error(Code::kBadFile, {"line 2", "one to 4"}, [] { parse_irma_table("** T\n[12345] x", "codes"); });
  expect_error(Code::kBadFile, {"C.csv: line 1"}, [] { parse_irma_axis("abdomen", "C.csv"); });
  expect_error(Code::kBadFile, {"has no code"}, [] { parse_irma_axis("", "C.csv"); });
}

}  // namespace
}  // namespace mi2::recipe
