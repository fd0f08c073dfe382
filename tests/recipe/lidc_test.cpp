#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "recipe/lidc_tiles.hpp"
#include "recipe/lidc_xml.hpp"
#include "support/expect_error.hpp"

namespace mi2::recipe::testing {
namespace {

using test::expect_error;
using ::testing::ElementsAre;

std::string point(int x, int y, const std::string& name = "edgeMap") {
  return fmt::format("<{0}><xCoord>{1}</xCoord><yCoord>{2}</yCoord></{0}>", name, x, y);
}

std::string roi(const std::string& points, const std::string& inclusion = "TRUE") {
  return "<roi><imageZposition>-125.0</imageZposition><imageSOP_UID> 1.2.3\n</imageSOP_UID><inclusion>" + inclusion +
         "</inclusion>" + points + "</roi>";
}

std::string nodule(const std::string& rois, const std::string& malignancy = "") {
  return "<unblindedReadNodule><noduleID>7</noduleID>" +
         (malignancy.empty() ? ""
                             : "<characteristics><subtlety>" + malignancy + "</subtlety><malignancy>" + malignancy +
                                   "</malignancy></characteristics>") +
         rois + "</unblindedReadNodule>";
}

std::string reading(const std::vector<std::string>& sessions) {
  std::string xml =
      R"(<?xml version="1.0" encoding="UTF-8"?><LidcReadMessage xmlns="http://www.nih.gov"><ResponseHeader>)"
      "<SeriesInstanceUid>1.2.9</SeriesInstanceUid><StudyInstanceUID>1.2.8</StudyInstanceUID></ResponseHeader>";
  for (const std::string& session : sessions) xml += "<readingSession>" + session + "</readingSession>";
  return xml + "</LidcReadMessage>";
}

LidcReading parsed(const std::vector<std::string>& sessions) {
  return parse_lidc(reading(sessions), "069.xml").reading;
}

TEST(LidcXml, TellsTheThreeKindsApart) {
  const std::string two_points = roi(point(1, 1) + point(2, 1));
  const LidcReading found =
      parsed({nodule(two_points, "4") + nodule(roi(point(5, 6))),
              nodule(roi(point(5, 6)), "0") + nodule(two_points) + nodule(roi(point(1, 1)), "3"),
              "<nonNodule><imageSOP_UID>1.2.3</imageSOP_UID>" + point(9, 8, "locus") + "</nonNodule>"});
  EXPECT_EQ(found.study, "1.2.8");
  EXPECT_EQ(found.series, "1.2.9");
  EXPECT_EQ(found.readers, 3U);
  std::vector<LesionKind> kinds;
  std::vector<std::size_t> readers;
  for (const Lesion& lesion : found.lesions) {
    kinds.push_back(lesion.kind);
    readers.push_back(lesion.reader);
  }
  using enum LesionKind;
  EXPECT_THAT(kinds, ElementsAre(kNodule, kSmallNodule, kSmallNodule, kSmallNodule, kSmallNodule, kNonNodule));
  EXPECT_THAT(readers, ElementsAre(0, 0, 1, 1, 1, 2));
  EXPECT_EQ(found.lesions[0].malignancy, 4);
  EXPECT_EQ(found.lesions[4].malignancy, 0) << "a point is a small nodule, whatever is said of it";
  EXPECT_EQ(found.lesions[0].outlines[0].slice, "1.2.3");
  EXPECT_THAT(found.lesions[5].outlines[0].points, ElementsAre(std::array<double, 2>{9, 8}));
}

TEST(LidcXml, KnowsHoles) {
  const LidcReading found = parsed({nodule(roi(point(1, 1) + point(9, 9)) + roi(point(2, 2), "FALSE"), "2")});
  EXPECT_TRUE(found.lesions[0].outlines[0].inclusion);
  EXPECT_FALSE(found.lesions[0].outlines[1].inclusion);
}

TEST(LidcXml, PassesOverRadiographsAndOtherXml) {
  using Kind = LidcFile::Kind;
  EXPECT_EQ(parse_lidc("<IdriReadMessage><CXRreadingSession/></IdriReadMessage>", "x").kind, Kind::kRadiograph);
  EXPECT_EQ(parse_lidc("<a xmlns='u'><b/></a>", "x").kind, Kind::kOther);
  EXPECT_EQ(parse_lidc(reading({}), "x").kind, Kind::kReading);
}

TEST(LidcXml, RefusesWhatIsNoPointAndNoSlice) {
  const auto refused = [](const std::string& session, const std::string& word) {
    expect_error(Code::kBadFile, {"069.xml", word}, [&] { parsed({session}); });
  };
  refused(nodule("<roi>" + point(1, 1) + "</roi>"), "names no slice");
  refused(nodule("<roi><imageSOP_UID>Meier</imageSOP_UID></roi>"), "holds no UID");
  refused(nodule(roi("<edgeMap><xCoord>1</xCoord></edgeMap>")), "no point");
  refused(nodule(roi("<edgeMap><xCoord>nan</xCoord><yCoord>1</yCoord></edgeMap>")), "no point");
  refused(nodule(roi("<edgeMap><xCoord>1e9</xCoord><yCoord>1</yCoord></edgeMap>")), "no point");
  expect_error(Code::kBadFile, {"more than 64 readers"}, [] { parsed(std::vector<std::string>(65)); });
  expect_error(Code::kBadFile, {"document type"}, [] { parse_lidc("<!DOCTYPE a><a/>", "x"); });
  expect_error(Code::kBadFile, {"well-formed"}, [] { parse_lidc("<a><b></a>", "x"); });
}

TEST(LidcTiles, CoverTheSliceWithoutGaps) {
  EXPECT_EQ(tile_of(0, 512, 512).right, 102);
  EXPECT_EQ(tile_of(1, 512, 512).right, 204);
  EXPECT_EQ(tile_of(2, 512, 512).right, 307);
  EXPECT_EQ(tile_of(3, 512, 512).right, 409);
  EXPECT_EQ(tile_of(24, 512, 512).right, 512);
  for (const int size : {5, 7, 128, 511, 513}) {
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(tile_of(i, size, size).right, tile_of(i + 1, size, size).left);
    EXPECT_EQ(tile_of(24, size, size).bottom, size);
  }
}

Outline outline(std::vector<std::array<double, 2>> points) { return {"1", true, std::move(points)}; }

std::vector<std::size_t> tiles_with(const Outline& drawn, int size) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < kTiles; ++i) {
    if (lies_in(drawn, tile_of(i, size, size))) found.push_back(i);
  }
  return found;
}

TEST(LidcTiles, HoldWhatLiesInThemOrCrossesThem) {
  EXPECT_THAT(tiles_with(outline({{101, 0}}), 512), ElementsAre(0));
  EXPECT_THAT(tiles_with(outline({{102, 0}}), 512), ElementsAre(1));
  EXPECT_THAT(tiles_with(outline({{511, 511}}), 512), ElementsAre(24));
  EXPECT_THAT(tiles_with(outline({{512, 0}}), 512), ElementsAre());
  EXPECT_THAT(tiles_with(outline({}), 512), ElementsAre());
  // From tile 0 to tile 2 without a point in tile 1.
  EXPECT_THAT(tiles_with(outline({{90, 50}, {210, 50}}), 512), ElementsAre(0, 1, 2));
  // A line through a corner only.
  EXPECT_THAT(tiles_with(outline({{90, 50}, {150, 110}}), 512), ElementsAre(0, 1, 6));
}

TEST(LidcTiles, HoldWhatAnOutlineEncloses) {
  const Outline ring = outline({{5, 5}, {95, 5}, {95, 95}, {5, 95}});
  EXPECT_EQ(tiles_with(ring, 100).size(), 25U);
  const Outline small = outline({{15, 15}, {65, 15}, {65, 65}, {15, 65}});
  EXPECT_THAT(tiles_with(small, 100), ElementsAre(0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 18));
}

/// Four readers; lesion i of `kinds` is of reader i, at tile 0 of 100 x 100.
std::array<TileLabel, kTiles> labelled(const std::vector<Lesion>& lesions, ReaderRule rule) {
  SliceMarks marks;
  marks.readers = 4;
  for (const Lesion& lesion : lesions) marks.marks.push_back({&lesion, &lesion.outlines[0]});
  return label_tiles(marks, rule, 100, 100);
}

TEST(LidcTiles, AreLabelledByAnyReaderOrByMost) {
  using enum LesionKind;
  std::vector<Lesion> lesions;
  const auto mark = [&](std::size_t reader, LesionKind kind, int malignancy) {
    lesions.push_back({kind, reader, malignancy, {outline({{3, 3}})}});
  };
  mark(0, kNodule, 2);
  mark(1, kNodule, 5);
  mark(1, kSmallNodule, 0);
  mark(2, kSmallNodule, 0);
  TileLabel any = labelled(lesions, ReaderRule::kAny)[0];
  EXPECT_EQ(any.kind, kNodule);
  EXPECT_EQ(any.malignancy, 3.5);
  EXPECT_FALSE(any.is_free);
  EXPECT_EQ(labelled(lesions, ReaderRule::kMajority)[0].kind, kSmallNodule) << "two of four are no majority, three are";
  EXPECT_EQ(labelled(lesions, ReaderRule::kMajority)[0].malignancy, std::nullopt);
  mark(3, kNodule, 4);
  EXPECT_EQ(labelled(lesions, ReaderRule::kMajority)[0].kind, kNodule);
  EXPECT_EQ(labelled(lesions, ReaderRule::kMajority)[0].malignancy, 4);
  EXPECT_TRUE(labelled(lesions, ReaderRule::kAny)[1].is_free);
}

TEST(LidcTiles, WithAHoleAloneAreNeitherMarkedNorFree) {
  std::vector<Lesion> lesions{{LesionKind::kNodule, 0, 3, {outline({{3, 3}})}}};
  lesions[0].outlines[0].inclusion = false;
  const TileLabel label = labelled(lesions, ReaderRule::kAny)[0];
  EXPECT_EQ(label.kind, LesionKind::kNone);
  EXPECT_FALSE(label.is_free);
}

}  // namespace
}  // namespace mi2::recipe::testing
