// Rows of images through several windows in a catalog, and how a search groups them.

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/cases.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"
#include "archive/upkeep.hpp"
#include "archive/windows.hpp"
#include "base/hash.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive {
namespace {

constexpr std::size_t kOfWindows = 4;

Space two_windows() {
  Space space = space_of("abc", "raw");
  space.windows = "lung,soft";
  return space;
}

/// Two objects of two frames, each through two windows, and a picture: nine rows, each a direction of its own.
class TwoObjects : public testing::Test {
 protected:
  TwoObjects() : writer_(Writer::create(folder(), kOfWindows, two_windows())) {
    Catalog& catalog = writer_.catalog();
    Catalog::Transaction all(catalog, true);
    const std::int64_t seq = catalog.add_change("add", 9);
    const Id space = catalog.space({});
    for (std::size_t r = 0; r < 9; ++r) {
      if (r % 4 == 0) {
        InstanceFacts facts;
        facts.locator = "/" + std::to_string(r);
        instances_.push_back(catalog.instance(facts, std::nullopt, std::nullopt));
      }
      std::vector<float> row(kOfWindows, 0.0F);
      row[0] = 1.0F / static_cast<float>(r + 2);
      row[1] = std::sqrt(1 - row[0] * row[0]);
      FrameFacts frame;
      frame.row = writer_.segments().next();
      frame.instance = instances_.back();
      // A window after the other: 0, 1, 0, 1.
      frame.frame = static_cast<std::int64_t>(r % 2);
      frame.crc = base::crc32c(std::as_bytes(std::span(row)));
      if (r < 8) {
        frame.window = r % 4 < 2 ? "lung" : "soft";
        frame.picture = frame.row - (r % 4 < 2 ? 0 : 2);
      }
      writer_.segments().append(row);
      catalog.add_frame(frame, space, seq);
    }
    writer_.segments().sync();
    all.commit();
  }

  [[nodiscard]] std::filesystem::path folder() const { return folder_.path() / "a"; }

  [[nodiscard]] std::vector<std::uint64_t> found(By by) const {
    Reader reader(folder());
    base::ThreadPool pool(1);
    SearchOptions options;
    options.by = by;
    options.k = 100;
    const std::vector<QueryPart> parts{{{1, 0, 0, 0}, 1, Nature::kOther, {}}};
    std::vector<std::uint64_t> rows;
    for (const Found& one : search(reader, parts, options, pool).found) rows.push_back(one.item.row);
    return rows;
  }

  test::TemporaryFolder folder_;
  Writer writer_;
  std::vector<Id> instances_;
};

TEST_F(TwoObjects, AreAnImageForEachFrameShownByItsBestWindow) {
  for (const By by : {By::kImage, By::kTile}) EXPECT_EQ(found(by), (std::vector<std::uint64_t>{0, 1, 4, 5, 8}));
  EXPECT_EQ(found(By::kStudy), (std::vector<std::uint64_t>{0, 4, 8}));
}

TEST_F(TwoObjects, HaveTheirWindowsUntilTheyAreErased) {
  Catalog& catalog = writer_.catalog();
  EXPECT_EQ(catalog.item(2)->window, "soft");
  EXPECT_EQ(catalog.item(8)->window, "");
  EXPECT_EQ(catalog.totals(nullptr).images, 5);
  EXPECT_EQ(catalog.image_rows(), 9);
  EXPECT_EQ(catalog.live_images(instances_[0]), 2);
  EXPECT_EQ(catalog.object(instances_[1])->frames, (std::vector<std::uint64_t>{0, 1}));
  const std::vector<LiveFrame> live = catalog.live_frames(instances_[1]);
  ASSERT_EQ(live.size(), 4U);
  EXPECT_EQ(live[1].window, "soft");
  EXPECT_EQ(live[1].picture, 4U);
  EXPECT_TRUE(catalog.problems().empty());
  ASSERT_TRUE(remove(writer_, {{instances_[0]}, 2}, true));
  EXPECT_FALSE(catalog.item(2));
  EXPECT_EQ(catalog.image_rows(), 5);
  EXPECT_TRUE(catalog.problems().empty());
}

TEST_F(TwoObjects, CountAsImagesWhereTheyAreJudgedTogether) {
  Reader reader(folder());
  Case all;
  for (const RowFacts& row : reader.rows()) all.rows.push_back(row);
  EXPECT_EQ(images_in(all), 5U);
}

TEST(Windows, AreSomeOfThoseThatHaveNames) {
  EXPECT_EQ(parse_windows("auto"), (std::vector<std::string>{"file"}));
  EXPECT_EQ(parse_windows("bone,file"), (std::vector<std::string>{"bone", "file"}));
  for (const char* text : {"", ",", "lung,", ",lung", "lung,lung", "auto,lung", "40,400", "Lung", "lung soft"}) {
    EXPECT_THROW(static_cast<void>(parse_windows(text)), Error) << text;
  }
}

TEST(Windows, OfASpaceAreSeveralOrNone) {
  Space space = two_windows();
  EXPECT_EQ(several_windows(space), (std::vector<std::string>{"lung", "soft"}));
  EXPECT_EQ(to_string(*options_of(space, {}).window), "lung");
  space.windows = "lung,file";
  EXPECT_FALSE(options_of(space, {}).window);
  for (const char* one : {"file", "lung", "40,400"}) {
    space.windows = one;
    EXPECT_TRUE(several_windows(space).empty()) << one;
  }
  space.windows = "lung,lung";
  EXPECT_THROW(static_cast<void>(options_of(space, {})), Error);
}

}  // namespace
}  // namespace mi2::archive
