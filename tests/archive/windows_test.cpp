// Rows of images through several windows in a catalog, and how a search groups them.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/cases.hpp"
#include "archive/dups.hpp"
#include "archive/found_rows.hpp"
#include "archive/object_facts.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"
#include "archive/slices_of_one_voxel.hpp"
#include "archive/study.hpp"
#include "archive/upkeep.hpp"
#include "archive/windows.hpp"
#include "base/hash.hpp"
#include "base/thread_pool.hpp"
#include "support/expect_error.hpp"
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

  test::TemporaryFolder folder_;
  Writer writer_;
  std::vector<Id> instances_;
};

TEST_F(TwoObjects, AreAnImageForEachFrameShownByItsBestWindow) {
  for (const By by : {By::kImage, By::kTile})
    EXPECT_EQ(found_rows(folder(), by), (std::vector<std::uint64_t>{0, 1, 4, 5, 8}));
  EXPECT_EQ(found_rows(folder(), By::kStudy), (std::vector<std::uint64_t>{0, 4, 8}));
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

/// What an image is through a window: its difference hash, or nothing, and the angle of its vector.
struct Sight {
  std::optional<std::uint64_t> dhash{};
  float angle = 0;
};

constexpr std::uint64_t kHash = 0x0F0F0F0F0F0F0F0F;

/// Images of other pixels, each through two windows: rows 0 and 1 of the first, 2 and 3 of the second.
class SeenImages {
 public:
  explicit SeenImages(const std::vector<std::array<Sight, 2>>& images) {
    Writer writer = Writer::create(folder_.path() / "a", kOfWindows, two_windows());
    Catalog& catalog = writer.catalog();
    Catalog::Transaction all(catalog, true);
    const std::int64_t seq = catalog.add_change("add", static_cast<std::int64_t>(images.size()));
    const Id space = catalog.space({});
    for (std::size_t i = 0; i < images.size(); ++i) {
      InstanceFacts facts;
      facts.locator = "/" + std::to_string(i);
      FrameFacts frame;
      frame.instance = catalog.instance(facts, std::nullopt, std::nullopt);
      frame.picture = writer.segments().next();
      for (std::size_t w = 0; w < 2; ++w) {
        const Sight& sight = images[i].at(w);
        const std::vector<float> row{std::cos(sight.angle), std::sin(sight.angle), 0, 0};
        frame.row = writer.segments().next();
        frame.window = w == 0 ? "lung" : "soft";
        frame.pixels.emplace();
        frame.pixels->pixels_sha256 = base::sha256_hex(std::as_bytes(std::span(facts.locator)));
        frame.pixels->dhash = sight.dhash;
        frame.crc = base::crc32c(std::as_bytes(std::span(row)));
        writer.segments().append(row);
        catalog.add_frame(frame, space, seq);
      }
    }
    writer.segments().sync();
    all.commit();
  }

  [[nodiscard]] std::filesystem::path folder() const { return folder_.path() / "a"; }

  /// Rows of the groups of copies. @param most  as DupOptions.
  [[nodiscard]] std::vector<std::vector<std::uint64_t>> copies(std::size_t most = 0) const {
    Reader reader(folder());
    DupOptions options;
    options.level = DupLevel::kReencoded;
    options.most = most;
    std::vector<std::vector<std::uint64_t>> groups;
    for (const DupGroup& group : find_dups(reader, options).groups) {
      groups.emplace_back();
      for (const DupMember& member : group.members) groups.back().push_back(member.row.value());
    }
    return groups;
  }

 private:
  test::TemporaryFolder folder_;
};

using Groups = std::vector<std::vector<std::uint64_t>>;

TEST(WindowsOfCopies, AllCountThoughOneShowsNothingInThem) {
  const Sight same{kHash, 0};
  const Sight plain{std::nullopt, 0};
  EXPECT_EQ(SeenImages({{same, same}, {same, same}}).copies(), (Groups{{0, 2}}));
  EXPECT_EQ(SeenImages({{same, plain}, {same, {~kHash, 0}}}).copies(), (Groups{{0, 2}}));
  EXPECT_EQ(SeenImages({{same, plain}, {same, {~kHash, 1.5F}}}).copies(), Groups{});
  EXPECT_EQ(SeenImages({{same, same}, {same, {~kHash, 0}}}).copies(), Groups{});
}

TEST(WindowsOfCopies, TakeMemoryForEachOfTheirRows) {
  const SeenImages images({{Sight{kHash, 0}, Sight{kHash, 0}}, {Sight{kHash, 0}, Sight{kHash, 0}}});
  EXPECT_EQ(images.copies(4), (Groups{{0, 2}}));
  test::expect_error(Code::kTooLarge, {"dups", "at most 3"}, [&] { static_cast<void>(images.copies(3)); });
}

TEST(WindowsOfStudies, AreComparedWithTheSameOfAnother) {
  const SeenImages images({{Sight{kHash, 0}, Sight{kHash, 1.5F}}, {Sight{kHash, 1.5F}, Sight{kHash, 0}}});
  Reader reader(images.folder());
  std::vector<StudyImage> all;
  for (const RowFacts& row : reader.rows()) {
    StudyImage& image = all.emplace_back();
    image.row = row.row;
    image.crc = row.crc;
    image.window = row.row % 2 == 0 ? "lung" : "soft";
  }
  const std::vector<StudyImage> one(all.begin(), all.begin() + 2);
  std::vector<StudyImage> other(all.begin() + 2, all.end());
  base::ThreadPool pool(1);
  std::vector<SliceMatch> found = match_slices(reader, one, other, pool, {});
  EXPECT_EQ(found[0].other, 0U);
  EXPECT_EQ(found[1].other, 1U);
  for (StudyImage& image : other) image.window.clear();
  found = match_slices(reader, one, other, pool, {});
  EXPECT_EQ(found[0].other, 1U) << "it has none of the same: the nearest of all";
  EXPECT_EQ(found[1].other, 0U);
  std::vector<StudyImage> many;
  for (std::size_t i = 0; i < 1300; ++i) many.insert(many.end(), one.begin(), one.end());
  EXPECT_EQ(match_slices(reader, many, many, pool, {}).size(), 2600U) << "half of the pairs are not compared";
}

TEST(WindowsOfStudies, AreOfImagesThatCountOnce) {
  constexpr std::int64_t kImages = 10'001;
  const test::TemporaryFolder folder;
  {
    Writer writer = Writer::create(folder.path() / "a", kOfWindows, two_windows());
    Catalog& catalog = writer.catalog();
    Catalog::Transaction all(catalog, true);
    const std::int64_t seq = catalog.add_change("add", kImages);
    const Id space = catalog.space({});
    StudyFacts study;
    study.uid = "1.2";
    SeriesFacts series;
    series.uid = "1.2.1";
    const Id of = catalog.series(series, catalog.study(study, std::nullopt));
    InstanceFacts object;
    object.sop_uid = "1.2.1.1";
    object.locator = "/1";
    object.frames = kImages;
    FrameFacts frame;
    frame.instance = catalog.instance(object, of, std::nullopt);
    frame.series = of;
    const std::vector<float> row{1, 0, 0, 0};
    frame.crc = base::crc32c(std::as_bytes(std::span(row)));
    for (frame.frame = 0; frame.frame < kImages; ++frame.frame) {
      frame.picture = writer.segments().next();
      for (const char* window : {"lung", "soft"}) {
        frame.row = writer.segments().next();
        frame.window = window;
        writer.segments().append(row);
        catalog.add_frame(frame, space, seq);
      }
    }
    writer.segments().sync();
    all.commit();
  }
  Reader reader(folder.path() / "a");
  const StudyImages found = study_images(reader, "1.2", "", nullptr);
  EXPECT_EQ(found.images.size(), 20'002U);
  EXPECT_FALSE(found.more);
  EXPECT_NE(study_json(reader, found).find(R"("images": 10001, "more": false)"), std::string::npos);
}

/// A MetaImage of three slices of one voxel, of signed bytes.
embedder::Input three_slices(char value) {
  std::string file =
      "ObjectType = Image\nNDims = 3\nDimSize = 1 1 3\nElementType = MET_CHAR\nElementDataFile = LOCAL\n";
  file.append(3, value);
  const auto bytes = std::as_bytes(std::span(file));
  return test::input_of({bytes.begin(), bytes.end()});
}

TEST(WindowsOfVolumes, AreSeveralIfAValueIsBelowZero) {
  SurveyOptions options;
  EXPECT_FALSE(look_at(three_slices('\xF0'), options, "", false).windowed);
  options.windows = {"lung", "soft"};
  EXPECT_TRUE(look_at(three_slices('\xF0'), options, "", false).windowed);
  EXPECT_FALSE(look_at(three_slices('\x10'), options, "", false).windowed);
}

TEST(WindowsOfVolumes, AreClaimedForEachFrame) {
  std::uint64_t claimed = 0;
  SurveyOptions options;
  options.windows = {"lung", "soft"};
  options.claim_frames = [&claimed](std::uint64_t frames, std::string_view) { claimed += frames; };
  static_cast<void>(look_at(three_slices('\xF0'), options, "", false));
  EXPECT_EQ(claimed, 6U);
  static_cast<void>(look_at(three_slices('\x10'), options, "", false));
  EXPECT_EQ(claimed, 9U);
}

TEST(Windows, OfWhatIsAddedAreThoseOfTheArchive) {
  const Space space = two_windows();
  ImageOptions image;
  for (const char* same : {"", "lung,soft"}) require_windows(space, image, same, "a");
  for (const char* other : {"soft,lung", "file"}) {
    test::expect_error(Code::kBadArgument, {"expected windows lung,soft"},
                       [&] { require_windows(space, image, other, "a"); });
  }
  EXPECT_EQ(to_string(*asking_options(space, image).window), "lung");
  image.window = parse_window("40,400");
  EXPECT_EQ(to_string(*asking_options(space, image).window), "40,400");
  test::expect_error(Code::kBadArgument, {"expected windows lung,soft"},
                     [&] { require_windows(space, image, "", "a"); });
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
