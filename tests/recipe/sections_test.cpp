// Sections of reports, by the rules of MIMIC-CXR's makers and by ours. All reports are made up.

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recipe/steps/report_sections.hpp"
#include "recipe/steps/section_names.hpp"

namespace mi2::recipe {

bool operator==(const Section& a, const Section& b) { return a.name == b.name && a.text == b.text; }
void PrintTo(const Section& section, std::ostream* out) { *out << section.name << ": [" << section.text << "]"; }

namespace {

using ::testing::ElementsAre;

std::vector<std::string> names_of(const std::vector<Section>& sections) {
  std::vector<std::string> names;
  for (const Section& section : sections) names.push_back(section.name);
  return names;
}

ReportTexts official(const std::string& report) { return texts_of(official_sections(report)); }
ReportTexts found(const std::string& report) { return texts_of(found_sections(report)); }

TEST(OfficialSections, AHeaderIsALineBreakASpaceCapitalsAColonAndOneBlank) {
  EXPECT_THAT(official_sections(" FINAL REPORT\n FINDINGS: Clear.\n IMPRESSION: None.\n"),
              ElementsAre(Section{"preamble", " FINAL REPORT\n "}, Section{"findings", "Clear."},
                          Section{"impression", "None.\n"}));
}

TEST(OfficialSections, MoreSpacesBeforeAHeaderAreFine) {
  EXPECT_EQ(official("x\n     FINDINGS: Clear.\n").findings, "Clear.");
}

TEST(OfficialSections, OfManyBlanksBehindAColonOneIsTaken) {
  EXPECT_THAT(official_sections("x\n FINDINGS:   Clear."),
              ElementsAre(Section{"preamble", "x\n "}, Section{"findings", "  Clear."}));
}

TEST(OfficialSections, AHeaderWithoutASpaceBeforeIsNone) {
  EXPECT_THAT(names_of(official_sections("x\nFINDINGS: Clear.\n")), ElementsAre("full report"));
}

TEST(OfficialSections, AHeaderNeedsABlankBehindItsColon) {
  EXPECT_THAT(names_of(official_sections("x\n FINDINGS:Clear.\n")), ElementsAre("full report"));
  EXPECT_THAT(names_of(official_sections("x\n FINDINGS:")), ElementsAre("full report"));
}

TEST(OfficialSections, SmallLettersAndDigitsMakeNoHeader) {
  EXPECT_THAT(names_of(official_sections("x\n Findings: Clear.\n CHEST 2 VIEWS: Clear.\n")),
              ElementsAre("full report"));
}

TEST(OfficialSections, WithoutAHeaderAllIsOneSection) {
  EXPECT_THAT(official_sections("The lungs are clear."), ElementsAre(Section{"full report", "The lungs are clear."}));
  EXPECT_THAT(names_of(official_sections("")), ElementsAre("full report"));
}

TEST(OfficialSections, ASecondHeaderOfALineIsText) {
  const ReportTexts texts = official("x\n FINDINGS: Clear. IMPRESSION: None.\n");
  EXPECT_EQ(texts.findings, "Clear. IMPRESSION: None.");
  EXPECT_EQ(texts.impression, "");
}

TEST(OfficialSections, AHeaderOnTheNextLineIsSeenAfterASpaceAndNotAfterALineBreak) {
  const ReportTexts seen = official("x\n IMPRESSION: \n FINDINGS: Clear.\n");
  EXPECT_EQ(seen.impression, "");
  EXPECT_EQ(seen.findings, "Clear.");
  const ReportTexts missed = official("x\n IMPRESSION:\n FINDINGS: Clear.\n");
  EXPECT_EQ(missed.impression, "FINDINGS: Clear.");
  EXPECT_EQ(missed.findings, "");
}

TEST(OfficialSections, LineBreaksOfOtherSystemsAreTheSame) {
  EXPECT_EQ(official("x\r\n IMPRESSION: None.\r\n FINDINGS: Clear.\r\n").findings, "Clear.");
}

TEST(OfficialSections, ManyNamesMeanOneSection) {
  const std::vector<std::pair<std::string, std::string>> names{
      {"CONCLUSION", "impression"},
      {"FINDINGS AND IMPRESSION", "impression"},
      {"FINDINGS/IMPRESSION", "impression"},
      {"FINDINGS/ IMPRESSION", "impression"},
      {"IMPRESSON", "impression"},
      {"MPRESSION", "impression"},
      {"NDICATION", "impression"},
      {"FINDING", "findings"},
      {"FINDNGS", "findings"},
      {"CHEST, TWO VIEWS", "findings"},
      {"REFERENCE FINDINGS", "findings"},
      {"COMPARISONS", "comparison"},
      {"REFERENCE EXAM", "comparison"},
      {"COMPARISON EXAM", "comparison"},
      {"COMPARISON FILM", "comparison"},
      {"COMPARSION", "comparison"},
      {"REASON FOR EXAM", "indication"},
      {"REASON FOR EXAMINATION", "indication"},
      {"CLINICAL INDICATION", "indication"},
      {"IDICATION", "indication"},
      {"CLINICAL HISTORY", "history"},
      {"CLINICAL INFORMATION", "history"},
      {"PATIENT HISTORY", "history"},
      {"PFI", "history"},
      {"EXAM", "examination"},
      {"TYPE OF EXAMINATION", "examination"},
      {"RECOMMENDATION(S)", "recommendations"},
      {"RECOMMENDATION", "recommendations"},
      {"WETREAD", "wet read"},
      {" Technique ", "technique"},
  };
  for (const auto& [header, name] : names) EXPECT_EQ(official_name(header), name) << header;
}

TEST(OfficialSections, ANameWithAUsualOneInItIsThatTheFirstInOrder) {
  EXPECT_EQ(official_name("COMPARISON AND FINDINGS"), "findings");
  EXPECT_EQ(official_name("FINDINGS, IMPRESSION"), "impression");
  EXPECT_EQ(official_name("ADDENDUM TO HISTORY"), "history");
  EXPECT_EQ(official_name("SECOND ADDENDUM"), "addendum");
}

TEST(OfficialSections, ATitleOfViewsIsFindings) {
  for (const std::string header :
       {"CHEST", "PORTABLE AP", "PA AND LATERAL", "LATERAL AND AP", "FRONTAL AND", "TWO VIEWS", "AP VIEW",
        "BONE WINDOWS", "FRONTAL SEMI-UPRIGHT", "LEFT RIBS", "PA AND LAT"}) {
    EXPECT_EQ(official_name(header), "findings") << header;
  }
  EXPECT_EQ(official_name("ABDOMEN"), "abdomen");
}

TEST(OfficialSections, EmptyFindingsAreDroppedAndTheLastOfSeveralCounts) {
  EXPECT_EQ(official("x\n FINDINGS: Clear.\n FINDINGS: \n \n IMPRESSION: None.\n").findings, "Clear.");
  EXPECT_EQ(official("x\n FINDINGS: First.\n FINDINGS: Second.\n").findings, "Second.");
}

TEST(OfficialSections, WithNeitherTheLastParagraphIsDividedFromTheLastSection) {
  EXPECT_THAT(official_sections("x\n COMPARISON: ___.\n \n Clear.\n \n Still clear.\n"),
              ElementsAre(Section{"preamble", "x\n "}, Section{"comparison", "___."},
                          Section{"last_paragraph", " Clear.\n \n Still clear.\n"}));
}

TEST(OfficialSections, AnEmptyLineWithoutASpaceDividesNoParagraph) {
  EXPECT_EQ(official("x\n COMPARISON: ___.\n\n Clear.\n").last_paragraph, "");
}

TEST(OfficialSections, WithFindingsThereIsNoLastParagraph) {
  EXPECT_EQ(official("x\n FINDINGS: Clear.\n \n More.\n").last_paragraph, "");
}

TEST(FoundSections, AHeaderNeedsNoSpaceBeforeAndNoBlankBehind) {
  const ReportTexts texts = found("FINDINGS: Clear.\nIMPRESSION:None.\n");
  EXPECT_EQ(texts.findings, "Clear.");
  EXPECT_EQ(texts.impression, "None.");
}

TEST(FoundSections, UsualNamesAreHeadersInAnyCase) {
  EXPECT_EQ(found("Findings: Clear.\nImpression: None.\n").impression, "None.");
  EXPECT_EQ(found("FINDINGS\n Clear.\nIMPRESSION.\n None.\n").impression, "None.");
}

TEST(FoundSections, AHeaderBehindAnEmptyOneIsSeen) {
  EXPECT_EQ(found("x\n IMPRESSION:\n FINDINGS: Clear.\n").findings, "Clear.");
}

TEST(FoundSections, AMisspeltNameIsTheNearest) {
  EXPECT_EQ(found("x\n IMPRESIONS: None.\n").impression, "None.");
  EXPECT_EQ(found("x\n NDICATION: Cough.\n FINDINGS: Clear.\n").impression, "");
  EXPECT_EQ(read_header("COMPARISION").name, "comparison");
}

TEST(FoundSections, HeadingsInsideFindingsStayInTheirText) {
  EXPECT_EQ(in_one_line(found("FINDINGS:\n LUNGS: Clear.\n HEART: Normal.\n IMPRESSION: None.\n").findings, false),
            "LUNGS: Clear. HEART: Normal.");
}

TEST(FoundSections, SectionsOfOtherThingsEndTheImpression) {
  const ReportTexts texts =
      found("IMPRESSION: None.\nRECOMMENDATION(S): Again in a year.\nNOTIFICATION: By telephone.\n");
  EXPECT_EQ(texts.impression, "None.");
}

TEST(FoundSections, ATitleOfViewsIsFindingsUnlessThereAreFindings) {
  EXPECT_EQ(found("x\n PORTABLE CHEST: Clear.\n").findings, "Clear.");
  EXPECT_EQ(found("x\n CHEST, TWO VIEWS: Upright.\n FINDINGS: Clear.\n").findings, "Clear.");
}

TEST(FoundSections, AnAddendumStandsBackBehindTheReport) {
  const std::string report =
      " ADDENDUM: Called.\n IMPRESSION: Of the addendum.\n ______________________________\n FINAL REPORT\n FINDINGS: "
      "Clear.\n IMPRESSION: None.\n";
  EXPECT_TRUE(has_addendum(report));
  EXPECT_EQ(found(report).impression, "None.");
  EXPECT_EQ(found(report).findings, "Clear.");
  EXPECT_FALSE(has_addendum("FINDINGS: Seen by ___ on ___.\n"));
}

TEST(FoundSections, TheReportsEndIsNotPartOfAnAddendum) {
  EXPECT_EQ(found(" WET READ: Fine.\n __________________\n FINAL REPORT\n \n Clear lungs.\n").last_paragraph,
            "Clear lungs.");
}

TEST(FoundSections, WithNeitherAnyEmptyLineDividesTheLastParagraph) {
  EXPECT_EQ(found("x\n COMPARISON: ___.\n\n Clear.\n").last_paragraph, "Clear.");
  EXPECT_EQ(found("x\n COMPARISON: ___.\n\n Clear.\n NOTIFICATION: ___.\n").last_paragraph, "Clear.");
}

TEST(FoundSections, WithoutAHeaderAllButTitlesIsTheLastParagraph) {
  EXPECT_EQ(found(" FINAL REPORT\n CHEST\n The lungs are clear.\n").last_paragraph, "The lungs are clear.");
  EXPECT_EQ(found("").last_paragraph, "");
}

TEST(Sections, OneLineHasSingleBlanksAndKeepsOrDropsGaps) {
  EXPECT_EQ(in_one_line("  A \n\t b\r\n ___ c_d. ", false), "A b ___ c_d.");
  EXPECT_EQ(in_one_line("  A \n\t b\r\n ___ c_d. _____", true), "A b c_d.");
  EXPECT_EQ(in_one_line(" \n ", true), "");
}

}  // namespace
}  // namespace mi2::recipe
