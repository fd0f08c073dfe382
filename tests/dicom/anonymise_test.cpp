// Copies of objects that name nobody.

#include "dicom/results/anonymise.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "builder.hpp"
#include "dicom/describe.hpp"
#include "dicom/results/basic_profile.hpp"
#include "dicom/results/copied_values.hpp"
#include "support/expect_error.hpp"

namespace mi2::dicom::results {
namespace {

using dicom::testing::Dataset;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kMostPixels = 1000;

Dataset object() {
  Dataset data = dicom::testing::ramp();
  data.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
  data.text(0x00080018, "UI", "1.2.3.9");
  data.text(0x00080020, "DA", "20240301");
  data.text(0x00080060, "CS", "CT");
  data.text(0x00100010, "PN", "Zwetschgenbaum^Ida");
  data.text(0x00100020, "LO", "ZX-99417");
  data.text(0x0020000D, "UI", "1.2.3");
  data.text(0x0020000E, "UI", "1.2.4");
  return data;
}

AnonymiseOptions options() {
  AnonymiseOptions options;
  options.key = std::string(32, 'k');
  options.version = "0";
  return options;
}

/// The bytes of a copy; what it was refused for in place of them.
std::string copy_of(const Dataset& data, const AnonymiseOptions& how = options()) {
  const std::vector<std::byte> file = data.file();
  const Anonymous copy = anonymise(file, how, kMostPixels, "test");
  if (!copy.refused.empty()) return "refused: " + std::string(copy.refused);
  std::string bytes;
  for (const Bytes part : copy.parts()) bytes += text_of(part);
  return bytes;
}

Description description_of(const std::string& copy) { return describe(dicom::testing::to_bytes(copy), "copy"); }

TEST(Anonymise, OnlyWhatIsOnTheListStays) {
  Dataset inner;
  inner.text(0x00080104, "LO", "Chest").text(0x00104000, "LT", "Planted");
  Dataset data = object();
  data.text(0x00090010, "LO", "Planted").put(0x00091001, "UN", "Planted!").text(0x00104000, "LT", "Planted");
  data.text(0x60000022, "LO", "Planted").text(0x77771234, "LO", "Planted").sequence(0x00082218, {inner});
  data.sequence(0x00400275, {inner});
  const std::string copy = copy_of(data);
  for (const char* planted : {"Planted", "Zwetschgenbaum", "ZX-99417", "20240301"})
    EXPECT_THAT(copy, Not(HasSubstr(planted)));
  EXPECT_THAT(copy, HasSubstr("Chest"));
  const Description said = description_of(copy);
  EXPECT_EQ(said.modality, "CT");
  EXPECT_THAT(said.identity.patient_id, HasSubstr("ANON-"));
  EXPECT_TRUE(said.study_date.empty());
}

TEST(Anonymise, PixelsStayAsTheyAre) {
  const std::vector<std::byte> file = object().file();
  const std::string copy = copy_of(object());
  EXPECT_EQ(dicom::testing::decode(dicom::testing::to_bytes(copy), {}, "copy").samples,
            dicom::testing::decode(file, {}, "object").samples);
}

TEST(Anonymise, AValueOfSignedPixelsIsSigned) {
  Dataset data = object();
  data.us(0x00280120, {63536});
  EXPECT_THAT(copy_of(data), HasSubstr(std::string("\x28\0\x20\1US\2\0\x30\xF8", 10)));
  data.us(0x00280103, {1});
  EXPECT_THAT(copy_of(data), HasSubstr(std::string("\x28\0\x20\1SS\2\0\x30\xF8", 10)));
}

TEST(Anonymise, TheKeyAndTheNamesDecideUids) {
  const Description one = description_of(copy_of(object()));
  EXPECT_EQ(description_of(copy_of(object())).study, one.study);
  EXPECT_NE(one.study, one.series);
  EXPECT_THAT(one.study, ::testing::StartsWith("2.25."));
  AnonymiseOptions other = options();
  other.key = std::string(32, 'o');
  EXPECT_NE(description_of(copy_of(object(), other)).study, one.study);
  other.retain_uids = true;
  EXPECT_EQ(description_of(copy_of(object(), other)).study, "1.2.3");
}

TEST(Anonymise, WhatCouldHoldANameIsRefused) {
  EXPECT_EQ(copy_of(object().text(0x00080060, "CS", "US")), "refused: ultrasound");
  EXPECT_EQ(copy_of(object().text(0x00280301, "CS", "YES")), "refused: burned-in annotation");
  EXPECT_EQ(copy_of(object().text(0x00280302, "CS", "YES")), "refused: recognizable visual features");
  EXPECT_EQ(copy_of(object().text(0x00080064, "CS", "DF")), "refused: picture of a film or a screen");
  EXPECT_EQ(copy_of(object().us(0x60020102, {12})), "refused: overlay in the pixels");
  EXPECT_EQ(copy_of(object().text(0x00080008, "CS", "ORIGINAL\\ZWETSCHGENBAUM")),
            "refused: a name in a technical attribute");
  EXPECT_THAT(copy_of(object().text(0x00080008, "CS", "ORIGINAL\\PRIMARY")), HasSubstr("ORIGINAL"));
  EXPECT_EQ(copy_of(object().words(0x7FE00010, {1, 2, 3, 4, 5})),
            "refused: pixels of another length than the header says");
  EXPECT_EQ(copy_of(object().remove(0x7FE00010)), "refused: no pixels");
  AnonymiseOptions allowed = options();
  allowed.burned_in = BurnedIn::kAllow;
  EXPECT_THAT(copy_of(object().text(0x00280301, "CS", "YES"), allowed), HasSubstr("DICM"));
}

TEST(Anonymise, TextWithAWordOfTheirsIsLeftOut) {
  Dataset data = object();
  data.text(0x00080070, "LO", "Maker").text(0x00081090, "LO", "of zwetschgenbaum");
  const std::string copy = copy_of(data);
  EXPECT_THAT(copy, HasSubstr("Maker"));
  EXPECT_THAT(copy, Not(HasSubstr("zwetschgenbaum")));
}

TEST(Anonymise, AWordForNobodyNamesNobody) {
  Dataset data = object();
  data.text(0x00081070, "PN", "None").text(0x00541102, "CS", "NONE");
  EXPECT_THAT(copy_of(data), HasSubstr("NONE"));
}

TEST(Anonymise, DatesAreShiftedByWholeDays) {
  EXPECT_EQ(shifted("20240301", 1), "20240229");
  EXPECT_EQ(shifted("20230301", 366), "20220228");
  // Who sees what became of a date that stands for none would know the days.
  for (const char* none : {"19000101", "19700101"}) EXPECT_EQ(shifted(none, 1), "");
  for (const char* none : {"", "2024", "20240230", "2024030x", "20240001"}) EXPECT_EQ(shifted(none, 1), "");
  AnonymiseOptions how = options();
  how.shift_dates = true;
  const Description said = description_of(copy_of(object(), how));
  EXPECT_EQ(said.study_date.size(), 10U);
  EXPECT_LT(said.study_date, "2024-03-01");
}

TEST(Anonymise, NumbersAndTimesAreThat) {
  for (const char* good : {"1", "-1.5e3\\+2", "", "1\\\\2"}) EXPECT_TRUE(all_numbers(good)) << good;
  for (const char* bad : {"1953.04.12", "12-34", "eE", "1 2"}) EXPECT_FALSE(all_numbers(bad)) << bad;
  for (const char* good : {"101500", "10", "1015", "101500.123456", "10:15:00"}) EXPECT_TRUE(is_time(good)) << good;
  for (const char* bad : {"", "99417", "994170", "19530412", "10:15", "101500.1234567"}) {
    EXPECT_FALSE(is_time(bad)) << bad;
  }
}

TEST(Anonymise, IdentifiersAmongNumbersAreLeftOut) {
  Dataset data = object();
  data.text(0x00100020, "LO", "99417123").text(0x00100030, "DA", "19530412");
  data.text(0x00200012, "IS", "99417123").text(0x00200011, "IS", "5").text(0x00181020, "LO", "of 12.04.1953");
  data.text(0x00281052, "DS", "-1024").us(0x00280106, {0x654D, 0x6569, 0x2072}).text(0x00100010, "PN", "Meier^Ida");
  data.text(0x00280107, "LO", "Meiers");
  const std::string copy = copy_of(data);
  for (const char* planted : {"99417123", "19530412", "12.04.1953", "Meie"}) EXPECT_THAT(copy, Not(HasSubstr(planted)));
  EXPECT_THAT(copy, HasSubstr("-1024"));
}

TEST(Anonymise, AUidBelowTheStandardsRootIsReplacedUnlessItIsOfTheStandard) {
  Dataset data = object();
  data.text(0x0020000D, "UI", "1.2.840.10008.1.99417").text(0x00080018, "UI", "1.2.840.10008.5.1.4.1.1.2.99417123");
  data.text(0x00200052, "UI", "1.2.840.10008.1.4.1.1");
  const std::string copy = copy_of(data);
  EXPECT_THAT(copy, Not(HasSubstr("99417")));
  EXPECT_THAT(copy, HasSubstr("1.2.840.10008.1.4.1.1"));
  EXPECT_EQ(copy_of(object().text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2.99417")),
            "refused: no SOP class of the standard");
}

TEST(Anonymise, TablesAreWhatTheirDescriptorsSay) {
  const auto with_table = [](const std::vector<std::uint16_t>& descriptor, const std::vector<std::uint16_t>& table) {
    Dataset lut;
    lut.us(0x00283002, descriptor).words(0x00283006, table);
    return copy_of(object().sequence(0x00283010, {lut}));
  };
  EXPECT_THAT(with_table({2, 0, 16}, {7, 8}), HasSubstr("DICM"));
  EXPECT_EQ(with_table({2, 0, 16}, {7, 8, 9}), "refused: a lookup table that is not what its descriptor says");
  EXPECT_EQ(with_table({9, 0, 16}, {0x775A, 0x7465, 0x6373, 0x6768, 0x6E65, 0x6162, 0x6D75, 0, 0}),
            "refused: a lookup table that is not what its descriptor says");
  EXPECT_EQ(copy_of(object().text(0x00280004, "CS", "PALETTE COLOR")), "refused: no palette that could be kept");
}

TEST(Anonymise, MoreNamesThanAreLookedForAreRefused) {
  std::string names;
  for (int i = 0; i < 300; ++i) names += "Name" + std::to_string(i) + (i < 299 ? "^" : "");
  EXPECT_EQ(copy_of(object().text(0x00081070, "PN", names)), "refused: more names than are looked for");
}

TEST(Anonymise, TheListIsInOrderAndItsRowsAreFound) {
  const auto rows = basic_profile();
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(),
                             [](const ProfileEntry& a, const ProfileEntry& b) { return a.tag < b.tag; }));
  for (const ProfileEntry& row : rows) EXPECT_EQ(find_in_profile(row.tag), &row);
  EXPECT_EQ(find_in_profile(0x00104000), nullptr);
}

TEST(Anonymise, WhatIsNoObjectIsAnError) {
  mi2::test::expect_error(Code::kBadFile, {}, [] {
    static_cast<void>(anonymise(dicom::testing::to_bytes("no DICOM at all"), options(), kMostPixels, "test"));
  });
}

}  // namespace
}  // namespace mi2::dicom::results
