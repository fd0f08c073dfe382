// Objects of results: their names, whose they are, what they say, and what receivers answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "builder.hpp"
#include "dicom/describe.hpp"
#include "dicom/results/canvas.hpp"
#include "dicom/results/font.hpp"
#include "dicom/results/peer.hpp"
#include "dicom/results/secondary_capture.hpp"
#include "dicom/results/store_status.hpp"
#include "dicom/results/structured_report.hpp"
#include "dicom/results/study_header.hpp"
#include "dicom/results/tag_report.hpp"
#include "dicom/results/uid.hpp"
#include "support/expect_error.hpp"

namespace mi2::dicom::results {
namespace {

using mi2::test::expect_error;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kCt = "1.2.840.10008.5.1.4.1.1.2";

dicom::testing::Dataset study_object() {
  dicom::testing::Dataset data = dicom::testing::ramp();
  data.text(0x00080018, "UI", "1.2.3.9");
  data.text(0x00080020, "DA", "20240115");
  data.text(0x00080050, "SH", "A-7");
  data.text(0x00100010, "PN", "Meier^Hans");
  data.text(0x00100020, "LO", "P1");
  data.text(0x0020000D, "UI", "1.2.3");
  return data;
}

StudyHeader header_of(const dicom::testing::Dataset& data) { return read_study_header(data.file(), "test"); }

Report report() {
  Report made;
  made.id = std::string(64, 'a');
  made.made_at = "2026-01-31T12:34:56Z";
  made.version = "0.2.0";
  made.asked = {"text: lung"};
  made.facts = {{"exact", "yes"}, {"filter", ""}};
  made.results = 5;
  Finding finding;
  finding.rank = 2;
  finding.score = 0.5;
  finding.verdict = "match";
  finding.series_uid = "1.2.3.4";
  finding.sop_class_uid = kCt;
  finding.sop_uid = "1.2.3.9";
  finding.words = "CT CHEST";
  made.findings = {finding};
  return made;
}

std::string text_of(const ResultObject& object) {
  std::string text;
  for (const std::byte byte : object.file) text += std::to_integer<char>(byte);
  return text;
}

TEST(Uid, IsTheSameForTheSameNameAndAnotherForAnother) {
  EXPECT_EQ(uid_of("a"), uid_of("a"));
  EXPECT_NE(uid_of("a"), uid_of("b"));
}

TEST(Uid, IsTheNumberOfAUuidOfVersion8) {
  // SHA-256 of "a" begins with ca978112ca1bbdcafac231b39a23dc4d: with version and variant
  // ca978112-ca1b-8dca-bac2-31b39a23dc4d.
  EXPECT_EQ(uid_of("a"), "2.25.269290709893686844195134956664967650381");
  for (int i = 0; i < 1000; ++i) {
    const std::string uid = uid_of(std::to_string(i));
    ASSERT_TRUE(uid.starts_with("2.25.")) << uid;
    ASSERT_LE(uid.size(), 44U);
    ASSERT_NE(uid[5], '0');
    ASSERT_EQ(uid.find_first_not_of("0123456789.", 5), std::string::npos);
  }
}

TEST(StudyHeader, HasWhatTellsThePatientAndTheStudyAsItIsStored) {
  dicom::testing::Dataset data = study_object();
  data.text(0x00080005, "CS", "ISO 2022 IR 6\\ISO 2022 IR 87");
  data.text(0x00100010, "PN", "\x1b$B;3ED\x1b(B^T");
  const StudyHeader header = header_of(data);
  EXPECT_EQ(header.study_uid, "1.2.3");
  EXPECT_EQ(header.sop_uid, "1.2.3.9");
  EXPECT_EQ(header.character_set, "ISO 2022 IR 6\\ISO 2022 IR 87");
  EXPECT_FALSE(header.ascii);
  EXPECT_FALSE(header.takes_utf8());
  std::string name;
  for (const StudyHeader::Value& value : header.values) {
    if (value.tag == 0x00100010) name = value.bytes;
  }
  EXPECT_EQ(name, "\x1b$B;3ED\x1b(B^T");
  EXPECT_TRUE(header_of(study_object()).takes_utf8());
}

TEST(StudyHeader, NamesWhatIsMissingOrTooLong) {
  dicom::testing::Dataset without = study_object();
  without.remove(0x0020000D);
  expect_error(Code::kBadFile, {"test", "StudyInstanceUID"}, [&] { static_cast<void>(header_of(without)); });
  dicom::testing::Dataset long_name = study_object();
  long_name.text(0x00100010, "PN", std::string(2000, 'x'));
  expect_error(Code::kBadFile, {"(0010,0010)", "1024", "2000"}, [&] { static_cast<void>(header_of(long_name)); });
  expect_error(Code::kBadFile, {"test"},
               [] { static_cast<void>(read_study_header(dicom::testing::to_bytes("no DICOM at all"), "test")); });
}

TEST(StudyHeader, HasTheStudysIdentifierAsItIsReadWithoutWhatPadsIt) {
  for (const std::string_view padded : {"1.2.3\n", " 1.2.3\t ", "1.2.3\\1.2.4"}) {
    dicom::testing::Dataset data = study_object();
    data.text(0x0020000D, "UI", std::string(padded));
    const StudyHeader header = header_of(data);
    EXPECT_EQ(header.study_uid, "1.2.3");
    EXPECT_TRUE(header.takes_utf8());
    EXPECT_EQ(describe(make_structured_report(report(), header).file, "made").study, "1.2.3");
  }
}

TEST(StudyHeader, RefusesAnIdentifierThatIsNone) {
  for (const std::string_view odd : {"1.2.3 4", "study", "1..2", "1.2.\xFF"}) {
    dicom::testing::Dataset data = study_object();
    data.text(0x0020000D, "UI", std::string(odd));
    expect_error(Code::kBadFile, {"test", "StudyInstanceUID", "digits and dots"},
                 [&] { static_cast<void>(header_of(data)); });
  }
}

TEST(StructuredReport, SaysTheValuesOfItsStudyByteForByte) {
  // With what does not belong into them: a NUL, a line break, blanks at the start.
  dicom::testing::Dataset data = study_object();
  data.text(0x00100020, "LO", std::string("P1\0x", 4));
  data.text(0x00100010, "PN", "Meier\nHans");
  data.text(0x00080050, "SH", " A-7");
  const StudyHeader header = header_of(data);
  const StudyHeader made = read_study_header(make_structured_report(report(), header).file, "made");
  ASSERT_EQ(made.takes_utf8(), header.takes_utf8());
  for (const StudyHeader::Value& value : header.values) {
    const auto same = std::find_if(made.values.begin(), made.values.end(),
                                   [&](const StudyHeader::Value& other) { return other.tag == value.tag; });
    ASSERT_NE(same, made.values.end());
    EXPECT_EQ(same->bytes, value.bytes) << value.tag;
  }
}

TEST(StructuredReport, BelongsToItsStudyAndIsTheSameAgain) {
  const StudyHeader header = header_of(study_object());
  const ResultObject object = make_structured_report(report(), header);
  const Description said = describe(object.file, "made");
  EXPECT_EQ(said.study, "1.2.3");
  EXPECT_EQ(said.modality, "SR");
  EXPECT_EQ(said.identity.patient_id, "P1");
  EXPECT_EQ(said.identity.accession, "A-7");
  EXPECT_EQ(said.study_date, "2024-01-15");
  EXPECT_EQ(said.sop_instance, object.sop_uid);
  EXPECT_EQ(said.series, object.series_uid);
  EXPECT_THAT(said.series_description, HasSubstr("research use"));
  EXPECT_EQ(make_structured_report(report(), header).file, object.file);
  Report other = report();
  other.id = std::string(64, 'b');
  EXPECT_NE(make_structured_report(other, header).sop_uid, object.sop_uid);
}

TEST(StructuredReport, IsCompleteOnlyIfItHasAllResults) {
  const StudyHeader header = header_of(study_object());
  EXPECT_THAT(text_of(make_structured_report(report(), header)), HasSubstr("COMPLETE"));
  Report some = report();
  some.findings.push_back(some.findings.front());
  some.findings.back().sop_class_uid.clear();
  some.findings.push_back(some.findings.front());
  some.findings.back().sop_uid = "no identifier";
  const ResultObject partial = make_structured_report(some, header);
  EXPECT_EQ(partial.findings, 1U);
  EXPECT_EQ(partial.left_out, 2U);
  EXPECT_THAT(text_of(partial), HasSubstr("1 of 3 results in this study"));
  EXPECT_THAT(text_of(partial), Not(HasSubstr("COMPLETE")));
  some.findings.erase(some.findings.begin());
  expect_error(Code::kNotFound, {"SR"}, [&] { static_cast<void>(make_structured_report(some, header)); });
}

TagReport tag_report() {
  TagReport made{report(), {}};
  made.about.findings.clear();
  TagFinding tag;
  tag.series_uid = "1.2.3.4";
  tag.attribute = "Body Part Examined (0018,0015)";
  tag.suggested = "CHEST";
  tag.agreement = 0.9;
  tag.method = "the nearest series";
  made.tags = {tag};
  return made;
}

TEST(TagReport, IsTheSameAgainAndCompleteOnlyIfItHasAllTags) {
  const StudyHeader header = header_of(study_object());
  const ResultObject object = make_tag_report(tag_report(), header);
  EXPECT_EQ(make_tag_report(tag_report(), header).file, object.file);
  EXPECT_EQ(describe(object.file, "made").study, "1.2.3");
  EXPECT_NE(object.sop_uid, make_structured_report(report(), header).sop_uid);
  EXPECT_THAT(text_of(object), HasSubstr("COMPLETE"));
  EXPECT_THAT(text_of(object), HasSubstr("No value"));
  TagReport some = tag_report();
  some.tags.push_back(some.tags.front());
  some.tags.back().sop_uid = "no identifier";
  const ResultObject partial = make_tag_report(some, header);
  EXPECT_EQ(partial.findings, 1U);
  EXPECT_EQ(partial.left_out, 1U);
  EXPECT_THAT(text_of(partial), Not(HasSubstr("COMPLETE")));
  some.tags.erase(some.tags.begin());
  expect_error(Code::kNotFound, {"SR"}, [&] { static_cast<void>(make_tag_report(some, header)); });
}

TEST(StructuredReport, IsNeverVerified) {
  EXPECT_THAT(text_of(make_structured_report(report(), header_of(study_object()))), HasSubstr("UNVERIFIED"));
}

TEST(StructuredReport, NamesFramesOfAnObjectThatHasSeveral) {
  Report frames = report();
  frames.findings.front().frame = 7;
  EXPECT_NE(make_structured_report(frames, header_of(study_object())).file,
            make_structured_report(report(), header_of(study_object())).file);
}

TEST(StructuredReport, WritesOtherLettersOnlyWhereTheStudyTakesThem) {
  Report umlaut = report();
  umlaut.asked = {"text: Ergu\xC3\x9F"};
  EXPECT_THAT(text_of(make_structured_report(umlaut, header_of(study_object()))), HasSubstr("Ergu\xC3\x9F"));
  dicom::testing::Dataset latin = study_object();
  latin.text(0x00080005, "CS", "ISO_IR 100");
  latin.text(0x00100010, "PN", "M\xFCller^J\xF6rg");
  const std::string text = text_of(make_structured_report(umlaut, header_of(latin)));
  EXPECT_THAT(text, HasSubstr("M\xFCller^J\xF6rg"));
  EXPECT_THAT(text, HasSubstr("Ergu?"));
  EXPECT_THAT(text, HasSubstr("ISO_IR 100"));
}

TEST(SecondaryCapture, IsAPictureThatIsReadBack) {
  const Report made = report();
  const ResultObject object = make_secondary_capture(made, header_of(study_object()));
  const image::Image read = dicom::testing::decode(object.file, {}, "made");
  const image::Raster drawn = draw_results(made);
  EXPECT_EQ(read.width, drawn.width);
  EXPECT_EQ(read.height, drawn.height);
  EXPECT_EQ(read.samples, drawn.samples);
  EXPECT_EQ(describe(object.file, "made").study, "1.2.3");
}

TEST(SecondaryCapture, StaysSmallWithManyResults) {
  Report many = report();
  many.findings.resize(1000, many.findings.front());
  many.asked.resize(100, "text: lung");
  const image::Raster picture = draw_results(many);
  EXPECT_EQ(picture.width, 640);
  EXPECT_LE(picture.height, 2240);
}

TEST(SecondaryCapture, ShowsThePicturesOfResults) {
  Report made = report();
  image::Raster picture{400, 200, 3, std::vector<std::uint8_t>(400 * 200 * 3, 200)};
  made.findings.front().picture = picture;
  const image::Raster with = draw_results(made);
  made.findings.front().picture.reset();
  EXPECT_NE(with.samples, draw_results(made).samples);
}

TEST(Canvas, CutsOffWhatLiesOutside) {
  Canvas canvas(10, 10);
  canvas.fill(-5, -5, 7, 7, 9);
  canvas.write(-3, 8, "Wide text", 3, 200);
  const image::Raster tile{4, 4, 1, std::vector<std::uint8_t>(16, 77)};
  canvas.paste(8, 8, tile);
  canvas.paste(-3, -3, tile);
  const auto at = [&](std::size_t x, std::size_t y) { return canvas.pixels().samples[(y * 10 + x) * 3]; };
  EXPECT_EQ(at(0, 0), 77);
  EXPECT_EQ(at(1, 1), 9);
  EXPECT_EQ(at(2, 2), 0);
  EXPECT_EQ(at(9, 9), 77);
}

TEST(Font, HasAGlyphOfItsOwnForEachLetterAndDigit) {
  std::vector<Glyph> seen;
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")) {
    EXPECT_THAT(seen, Not(::testing::Contains(glyph_of(c)))) << c;
    seen.push_back(glyph_of(c));
    for (const std::uint8_t row : glyph_of(c)) EXPECT_LT(row, 32);
  }
  EXPECT_EQ(glyph_of('a'), glyph_of('A'));
  EXPECT_EQ(glyph_of('\xFF'), glyph_of('?'));
  EXPECT_EQ(glyph_of('~'), glyph_of('?'));
}

TEST(Peer, IsATitleAHostAndAPort) {
  const Peer peer = parse_peer("PACS 1@pacs.example:11112");
  EXPECT_EQ(peer.aet, "PACS 1");
  EXPECT_EQ(peer.host, "pacs.example");
  EXPECT_EQ(peer.port, 11112);
  for (const char* text : {"", "PACS", "PACS@host", "@host:104", "PACS@:104", "PACS@host:", "PACS@host:0",
                           "PACS@host:65536", "PACS@host:104x", "PACS@host:-1", "ABCDEFGHIJKLMNOPQ@host:104",
                           "A\\B@host:104", " @host:104", "PACS@::1:104"}) {
    expect_error(Code::kBadArgument, {"expected"}, [&] { static_cast<void>(parse_peer(text)); });
  }
}

TEST(StoreStatus, SaysWhatWasStoredAndWhy) {
  EXPECT_FALSE(read_store_status(0).already);
  EXPECT_TRUE(read_store_status(0x0111).already);
  EXPECT_THAT(read_store_status(0xB000).warning, HasSubstr("B000"));
  EXPECT_THAT(read_store_status(0xB006).warning, HasSubstr("B006"));
  EXPECT_THAT(read_store_status(0xB007).warning, HasSubstr("B007"));
  expect_error(Code::kOverloaded, {"A700"}, [] { static_cast<void>(read_store_status(0xA700)); });
  expect_error(Code::kBadFile, {"A900"}, [] { static_cast<void>(read_store_status(0xA900)); });
  expect_error(Code::kBadFile, {"C123"}, [] { static_cast<void>(read_store_status(0xC123)); });
  expect_error(Code::kUnsupported, {"0122"}, [] { static_cast<void>(read_store_status(0x0122)); });
  expect_error(Code::kUnsupported, {"0124"}, [] { static_cast<void>(read_store_status(0x0124)); });
  expect_error(Code::kBadFile, {"0110"}, [] { static_cast<void>(read_store_status(0x0110)); });
  expect_error(Code::kBadFile, {"12345"}, [] { static_cast<void>(read_store_status(0x12345)); });
}

}  // namespace
}  // namespace mi2::dicom::results
