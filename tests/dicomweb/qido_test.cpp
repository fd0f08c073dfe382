// Rows of QIDO-RS, as servers write them.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "dicomweb/orthanc.hpp"
#include "dicomweb/qido.hpp"
#include "support/expect_error.hpp"

namespace mi2::dicomweb {
namespace {

TEST(Qido, ReadsStudies) {
  const Page<StudyRow> page = parse_studies(
      R"([{"0020000D": {"vr": "UI", "Value": ["1.2.3"]}, "00080020": {"vr": "DA", "Value": ["20200131"]},
           "00080061": {"vr": "CS", "Value": ["CT", "SR "]}, "00201208": {"vr": "IS", "Value": ["12"]}},
          {"0020000D": {"vr": "UI", "Value": ["1.2.4"]}, "00080020": {"vr": "DA"}, "00201208": {"Value": [7]}}])");
  ASSERT_EQ(page.rows.size(), 2U);
  EXPECT_EQ(page.rows[0].date, "20200131");
  EXPECT_EQ(page.rows[0].modalities, (std::vector<std::string>{"CT", "SR"}));
  EXPECT_EQ(page.rows[0].objects, 12U);
  EXPECT_EQ(page.rows[1].date, "");
  EXPECT_TRUE(page.rows[1].modalities.empty());
  EXPECT_EQ(page.rows[1].objects, 7U);
}

TEST(Qido, KeepsTheBeginningOfAValueThatIsTooLong) {
  EXPECT_EQ(row_text(std::string_view(" 1.2\0", 5)), "1.2");
  EXPECT_EQ(row_text(std::string(300, 'x')), std::string(256, 'x'));
  EXPECT_EQ(row_text(std::string(255, 'x') + "\xC3\xA4"), std::string(255, 'x'));
  EXPECT_EQ(row_text(std::string(300, ' ') + "CT"), "CT");
  const std::string modalities = R"("00080061": {"Value": [")" + std::string(300, 'x') + R"(", "CT"]})";
  EXPECT_EQ(parse_studies(R"([{"0020000D": {"Value": ["1.2.3"]}, )" + modalities + "}]").rows.front().modalities,
            (std::vector<std::string>{std::string(256, 'x'), "CT"}));
}

TEST(Qido, LeavesRowsOutThatCannotBeAskedFor) {
  const std::vector<std::string> unusable{"",      "..", "1..2", "/1.2", "1.2/../3",
                                          "1.2?x", "a",  ".1",   "1.",   std::string(129, '1')};
  for (const std::string& uid : unusable) {
    const Page<StudyRow> page = parse_studies(R"([{"0020000D": {"Value": [")" + uid + R"("]}}])");
    EXPECT_EQ(page.size, 1U);
    EXPECT_TRUE(page.rows.empty()) << uid;
  }
  for (const char* row : {"{}", R"({"0020000D": 1})", R"({"0020000D": {"Value": 1}})", R"({"0020000D": {"Value": []}})",
                          R"({"0020000D": {"Value": [null]}})", R"({"0020000D": {"Value": [{"a": 1}]}})"}) {
    EXPECT_TRUE(parse_studies("[" + std::string(row) + "]").rows.empty()) << row;
  }
}

TEST(Qido, TakesNoBodyForNoRows) {
  EXPECT_EQ(parse_studies("").size, 0U);
  EXPECT_EQ(parse_series(" \r\n").size, 0U);
  EXPECT_EQ(parse_objects("[]").size, 0U);
}

TEST(Qido, TakesNamesThatAreNotUtf8) {
  EXPECT_EQ(
      parse_studies("[{\"00100010\": {\"Value\": [\"M\xFCller\"]}, \"0020000D\": {\"Value\": [\"1.2\"]}}]").rows.size(),
      1U);
}

TEST(Qido, RefusesWhatIsNoList) {
  for (const std::string text : {"{}", "[1]", "[", "nonsense", "[{}] x"}) {
    test::expect_error(Code::kBadFile, {"the answer"}, [&] { static_cast<void>(parse_studies(text)); });
  }
  test::expect_error(Code::kBadFile, {"deeper"}, [] { static_cast<void>(parse_series(std::string(100, '['))); });
}

TEST(Qido, TellsDays) {
  EXPECT_TRUE(day_of("20200229").has_value());
  for (const std::string text : {"", "2020", "20210229", "20200001", "2020-1-1", "202001011"}) {
    EXPECT_FALSE(day_of(text).has_value()) << text;
  }
}

TEST(Orthanc, ReadsNewInstancesAlone) {
  const std::string id = "00000000-11111111-22222222-33333333-aaaaaaaa";
  const Changes changes = parse_changes(R"({"Changes": [{"ChangeType": "NewInstance", "ID": ")" + id +
                                        R"(", "Seq": 5}, {"ChangeType": "StableStudy", "ID": "x", "Seq": 6}],
                                        "Done": true, "Last": 6})");
  ASSERT_EQ(changes.instances.size(), 1U);
  EXPECT_EQ(changes.instances[0].id, id);
  EXPECT_EQ(changes.instances[0].sequence, 5U);
  EXPECT_EQ(changes.last, 6U);
  EXPECT_TRUE(changes.done);
  for (const std::string text :
       {R"({})", R"([])", R"({"Changes": [], "Last": -1})", R"({"Changes": [1], "Last": 1})",
        R"({"Changes": [{"ChangeType": "NewInstance", "ID": "../x", "Seq": 1}], "Last": 1})"}) {
    test::expect_error(Code::kBadFile, {"Orthanc"}, [&] { static_cast<void>(parse_changes(text)); });
  }
}

}  // namespace
}  // namespace mi2::dicomweb
