// Which directories of a TIFF are the levels of a slide.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slide/tiff_levels.hpp"
#include "support/expect_error.hpp"

namespace mi2::slide {
namespace {

using image::TiffDirectory;
using ::testing::ElementsAre;

TiffDirectory tiled(std::uint32_t width, std::uint32_t height, const std::string& description = "") {
  TiffDirectory directory;
  directory.tiled = true;
  directory.width = width;
  directory.height = height;
  directory.description = description;
  return directory;
}

TiffDirectory below(std::uint32_t width, std::uint32_t height) {
  TiffDirectory directory = tiled(width, height);
  directory.sub = true;
  return directory;
}

TiffDirectory strips(std::uint32_t width, std::uint32_t height) {
  TiffDirectory directory = tiled(width, height);
  directory.tiled = false;
  return directory;
}

TiffLevels levels_of(const std::vector<TiffDirectory>& directories) { return find_tiff_levels(directories, "a.tif"); }

TEST(TiffLevels, AperioHasTiledOnesAndImagesInStripsBetween) {
  const TiffLevels levels =
      levels_of({tiled(4000, 3000, "Aperio Image Library v1\r\n4000x3000|AppMag = 40|MPP = 0.2523|Left = 1"),
                 strips(400, 300), tiled(1000, 750), tiled(250, 187), strips(300, 300), strips(500, 200)});
  EXPECT_THAT(levels.directories, ElementsAre(0, 2, 3));
  EXPECT_DOUBLE_EQ(levels.mpp[0], 0.2523);
  EXPECT_DOUBLE_EQ(levels_of({tiled(400, 300, "Aperio|AppMag = 40")}).mpp[0], 0);
}

TEST(TiffLevels, OmeHasThemBelowTheFirst) {
  const std::string ome =
      R"(<?xml version="1.0"?><OME><Image><Pixels ID="0" PhysicalSizeX="250" PhysicalSizeXUnit="nm" )"
      "PhysicalSizeY=\"0.25\" PhysicalSizeYUnit=\"\xC2\xB5m\" SizeC=\"3\"/></Image></OME>";
  const TiffLevels levels =
      levels_of({tiled(4000, 3000, ome), below(2000, 1500), below(1000, 750), tiled(600, 700), below(300, 350)});
  EXPECT_THAT(levels.directories, ElementsAre(0, 1, 2));
  EXPECT_DOUBLE_EQ(levels.mpp[0], 0.25);
  EXPECT_DOUBLE_EQ(levels.mpp[1], 0.25);
}

TEST(TiffLevels, OthersHaveSmallerTiledOnesInAnyOrder) {
  TiffDirectory first = tiled(4000, 3000);
  first.mpp = {0.5, 0.5};
  const TiffLevels levels =
      levels_of({first, tiled(1000, 750), tiled(2000, 1500), strips(500, 375), tiled(800, 200), tiled(1000, 750)});
  EXPECT_THAT(levels.directories, ElementsAre(0, 2, 1));
  EXPECT_DOUBLE_EQ(levels.mpp[0], 0.5);
  EXPECT_THAT(levels_of({tiled(4000, 3000)}).directories, ElementsAre(0));
}

TEST(TiffLevels, WhatIsNoSlideIsRefused) {
  test::expect_error(Code::kUnsupported, {"a.tif", "TIFF without tiles"}, [] { levels_of({strips(400, 300)}); });
  test::expect_error(Code::kUnsupported, {"several images or planes"}, [] {
    levels_of({tiled(400, 300), tiled(400, 300)});
  });
}

TEST(TiffLevels, LayoutsOfOthersAreNamed) {
  const auto other = [](auto change) {
    TiffDirectory first = tiled(4000, 3000);
    change(first);
    const TiffLevels levels = levels_of({first});
    EXPECT_TRUE(levels.directories.empty());
    return std::string(levels.other);
  };
  EXPECT_EQ(other([](TiffDirectory& d) { d.hamamatsu = true; }), "Hamamatsu NDPI");
  EXPECT_EQ(other([](TiffDirectory& d) { d.xmp = "<?xml?><EncodeInfo><iScan>"; }), "Ventana");
  EXPECT_EQ(other([](TiffDirectory& d) { d.software = "Philips DP v1.0"; }), "Philips TIFF");
  EXPECT_EQ(other([](TiffDirectory& d) { d.software = "MedScan"; }), "Trestle");
  EXPECT_EQ(other([](TiffDirectory& d) {
              d.description = R"(<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">)";
            }),
            "Leica SCN");
}

TEST(TiffLevels, ResolutionsThatAreNoneAreNotKnown) {
  for (const char* mpp : {"abc", "-1", "0", "nan", "1e99", ""}) {
    EXPECT_EQ(levels_of({tiled(400, 300, std::string("Aperio|MPP = ") + mpp)}).mpp[0], 0) << mpp;
  }
  EXPECT_EQ(levels_of({tiled(400, 300, R"(<OME><Pixels PhysicalSizeX="1" PhysicalSizeXUnit="ly")")}).mpp[0], 0);
}

}  // namespace
}  // namespace mi2::slide
