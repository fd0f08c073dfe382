// Tiles of whole slides in a catalog, and how a search groups them.

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "archive/found_rows.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"
#include "archive/slide_survey.hpp"
#include "archive/tiling.hpp"
#include "archive/upkeep.hpp"
#include "base/hash.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive {
namespace {

constexpr std::size_t kOfTiles = 4;

TileFacts tile_at(std::uint64_t x) { return {{1, x, 20, 300, 200, 0.5}, 150, 100}; }

/// Two slides of three tiles each and a picture: seven rows, each a direction of its own.
class TwoSlides : public testing::Test {
 protected:
  TwoSlides() : writer_(Writer::create(folder(), kOfTiles, space_of("abc", "raw"))) {
    Catalog& catalog = writer_.catalog();
    Catalog::Transaction all(catalog, true);
    const std::int64_t seq = catalog.add_change("add", 7);
    const Id space = catalog.space({});
    for (std::size_t r = 0; r < 7; ++r) {
      if (r % 3 == 0) {
        InstanceFacts facts;
        facts.locator = "/" + std::to_string(r);
        instances_.push_back(catalog.instance(facts, std::nullopt, std::nullopt));
      }
      std::vector<float> row(kOfTiles, 0.0F);
      row[0] = 1.0F / static_cast<float>(r + 2);
      row[1] = std::sqrt(1 - row[0] * row[0]);
      FrameFacts frame;
      frame.row = writer_.segments().next();
      frame.instance = instances_.back();
      frame.frame = static_cast<std::int64_t>(r);
      frame.crc = base::crc32c(std::as_bytes(std::span(row)));
      if (r < 6) frame.tile = tile_at(100 * r);
      writer_.segments().append(row);
      catalog.add_frame(frame, space, seq);
    }
    writer_.segments().sync();
    all.commit();
  }

  [[nodiscard]] std::filesystem::path folder() const { return folder_.path() / "a"; }

  test::TemporaryFolder folder_;
  Writer writer_;
  std::vector<Id> instances_;
};

TEST_F(TwoSlides, AreOneImageEachShownByTheBestTileUnlessTilesAreAskedFor) {
  EXPECT_EQ(found_rows(folder(), By::kTile), (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
  for (const By by : {By::kImage, By::kSeries, By::kStudy}) {
    EXPECT_EQ(found_rows(folder(), by), (std::vector<std::uint64_t>{0, 3, 6}));
  }
}

TEST_F(TwoSlides, HaveTheirRectanglesUntilTheyAreErased) {
  Catalog& catalog = writer_.catalog();
  EXPECT_EQ(catalog.tile(2), tile_at(200));
  EXPECT_EQ(catalog.tile(6), std::nullopt);
  EXPECT_EQ(catalog.tiles(), 6);
  const std::optional<ArchivedObject> object = catalog.object(instances_[1]);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->frames, (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(object->tiles, (std::vector<TileFacts>{tile_at(300), tile_at(400), tile_at(500)}));
  EXPECT_TRUE(catalog.object(instances_[2])->tiles.empty());
  ASSERT_TRUE(remove(writer_, {{instances_[0]}, 3}, true));
  EXPECT_EQ(catalog.tile(2), std::nullopt);
  EXPECT_EQ(catalog.tiles(), 3);
  EXPECT_TRUE(catalog.problems().empty());
}

TEST_F(TwoSlides, OfASourceAreRememberedByItsName) {
  Catalog& catalog = writer_.catalog();
  Catalog::Transaction all(catalog, true);
  const Id source = catalog.source("folder", "/in");
  EXPECT_EQ(catalog.tiling("/in"), "");
  catalog.set_tiling(source, "mpp=0.5,tiles=tissue");
  const archive::Slides before = slides_of(&catalog, {"folder", "/in"}, {});
  EXPECT_EQ(before.source->mpp, 0.5);
  EXPECT_FALSE(slides_of(&catalog, {"folder", "/other"}, {}).source);
  EXPECT_FALSE(slides_of(&catalog, {"folder", "/in"}, {archive::Slides::Kind::kPictures}).source);
  catalog.set_tiling(source, "");
  EXPECT_EQ(catalog.tiling("/in"), "");
}

TEST(Tiling, IsReadBackAsItWasWrittenAndNothingElse) {
  SlideOptions options;
  options.mpp = 0.2528;
  EXPECT_EQ(parse_tiling(to_string(options)), options);
  EXPECT_EQ(parse_tiling(unfinished(to_string(options))), options);
  EXPECT_EQ(unfinished(unfinished("level=1,tiles=all")), unfinished("level=1,tiles=all"));
  EXPECT_EQ(unfinished(""), "");
  options = {3, std::nullopt, SlideOptions::Tiles::kAll};
  EXPECT_EQ(parse_tiling(to_string(options)), options);
  for (const char* text :
       {"", "all", "max:3", "mpp=0.5", "tiles=some", "mpp=,tiles=all", "level=-1,tiles=all", "tiles=all,level=1",
        "level=1,level=1,tiles=all", ",tiles=all", "tiles=all,", "mpp=1e9,tiles=all"}) {
    EXPECT_EQ(parse_tiling(text), std::nullopt) << text;
  }
}

TEST(Tiling, OfAFileComesBeforeThatOfItsSourceUnlessSomebodySays) {
  archive::Slides slides;
  KnownFile known;
  known.slices = "level=2,tiles=all";
  EXPECT_FALSE(tiling_for(slides, known)) << "of a model of no size";
  slides.model_size = [] { return embedder::ModelSize{480, 480}; };
  slides.source = SlideOptions{std::nullopt, 0.5};
  EXPECT_EQ(tiling_for(slides, known)->level, 2U);
  EXPECT_EQ(tiling_for(slides, std::nullopt)->mpp, 0.5);
  known.slices = "all";
  EXPECT_EQ(tiling_for(slides, known)->mpp, 0.5);
  slides.kind = archive::Slides::Kind::kPictures;
  EXPECT_FALSE(tiling_for(slides, known));
  slides.kind = archive::Slides::Kind::kTiles;
  slides.tiles.level = 7;
  EXPECT_EQ(tiling_for(slides, known)->level, 7U);
}

}  // namespace
}  // namespace mi2::archive
