// Files as whole slides: which belong together, and their tiles as items.

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom/builder.hpp"
#include "embedder/slides.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"
#include "support/temporary_folder.hpp"

#include <mi2/embedder.hpp>

namespace mi2::embedder {
namespace {

using dicom::testing::Dataset;
using ::testing::ElementsAre;

const Embedder& model_of_slides() {
  static const Embedder embedder = Embedder::open(test::starter_model());
  return embedder;
}

/// A level of one tile that is `side` pixels wide and has one colour.
std::string level_file(const std::string& series, std::uint16_t side, char shade,
                       const std::string& flavour = "VOLUME") {
  Dataset data = dicom::testing::picture("RGB", side, side, 8, 3);
  data.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.77.1.6");
  data.text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\" + flavour + "\\NONE");
  data.text(0x0020000E, "UI", series).text(0x00209311, "CS", "TILED_FULL");
  data.put(0x00480006, "UL", dicom::testing::little32(side)).put(0x00480007, "UL", dicom::testing::little32(side));
  data.put(0x7FE00010, "OB", std::string(std::size_t{3} * side * side, shade));
  const std::vector<std::byte> bytes = data.file();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ImageOptions all_tiles_of_level(unsigned level) {
  ImageOptions options;
  options.slide = SlideOptions{level, std::nullopt, SlideOptions::Tiles::kAll};
  options.frames = {FrameSelection::Kind::kAll, 0};
  return options;
}

struct Slides {
  test::TemporaryFolder folder;
  std::vector<Input> inputs;

  void add(const std::string& name, const std::string& content) {
    inputs.push_back({folder.write(name, content).string()});
  }
};

TEST(Slides, LevelsOfOneSeriesAreOneSlide) {
  Slides files;
  files.add("a.dcm", level_file("1.2.1", 8, 10));
  files.add("b.png", "no slide");
  files.add("c.dcm", level_file("1.2.2", 4, 20));
  files.add("d.dcm", level_file("1.2.1", 16, 30));
  files.add("e.dcm", level_file("1.2.1", 4, 40, "LABEL"));
  EXPECT_THAT(group_slides(files.inputs), ElementsAre(ElementsAre(3, 0), ElementsAre(1), ElementsAre(2)));
}

TEST(Slides, AnImageOfTheGlassWithoutLevelsStaysToBeRefused) {
  Slides files;
  files.add("e.dcm", level_file("1.2.1", 4, 40, "LABEL"));
  EXPECT_THAT(group_slides(files.inputs), ElementsAre(ElementsAre(0)));
}

TEST(Slides, TilesAreItemsOfTheFinestLevelsFile) {
  Slides files;
  files.add("small.dcm", level_file("1.2.1", 8, 10));
  files.add("large.dcm", level_file("1.2.1", 16, 30));
  files.add("broken.dcm", level_file("1.2.2", 8, 10).substr(0, 200));
  const ImageOptions options = all_tiles_of_level(1);
  NextItem items = slides_of(
      files.inputs, options.max_file_bytes,
      [&](std::span<const std::filesystem::path> paths, std::string_view name) {
        return model_of_slides().open_slide(paths, name, options);
      },
      [&](std::vector<std::byte> bytes, std::string_view name) {
        return model_of_slides().open_image(std::move(bytes), name, options);
      });
  const std::optional<Item> tile = items();
  ASSERT_TRUE(tile.has_value());
  EXPECT_EQ(std::filesystem::path(tile->name).filename(), "large.dcm");
  ASSERT_TRUE(tile->frame && tile->frame->tile);
  EXPECT_EQ(tile->frame->frames, 1U);
  EXPECT_EQ(tile->frame->tile->level, 1U);
  EXPECT_GT(tile->frame->tile->width, 16U);  // the model's size in pixels twice as large
  EXPECT_EQ(tile->bytes, 0U);                // the files stay on disk
  const Pixels pixels = tile->prepare().image.value();
  EXPECT_EQ(pixels.samples.front(), 10);
  EXPECT_EQ(pixels.samples.back(), 255);  // past the edge is white
  const std::optional<Item> broken = items();
  ASSERT_TRUE(broken.has_value());
  EXPECT_EQ(std::filesystem::path(broken->name).filename(), "broken.dcm");
  EXPECT_THROW(broken->prepare(), Error);
  EXPECT_FALSE(items().has_value());
}

TEST(Slides, BytesInMemoryAreASlideToo) {
  const std::string file = level_file("1.2.1", 8, 77);
  const auto bytes = std::as_bytes(std::span(file));
  ImageOptions options = all_tiles_of_level(0);
  const Pixels pixels = model_of_slides().prepare(bytes, "row 1", options);
  EXPECT_EQ(pixels.samples.front(), 77);
  options.slide->level = 4;
  test::expect_error(Code::kBadArgument, {"row 1", "no level 4"},
                     [&] { return model_of_slides().prepare(bytes, "row 1", options); });
  options.slide->mpp = 0.5;
  test::expect_error(Code::kBadArgument, {"--level and --mpp"},
                     [&] { return model_of_slides().prepare(bytes, "row 1", options); });
}

TEST(Slides, WithoutBeingAskedForTheyAreImagesAsBefore) {
  const std::string file = level_file("1.2.1", 8, 77);
  const Pixels pixels = model_of_slides().prepare(std::as_bytes(std::span(file)), "a.dcm");
  EXPECT_EQ(pixels.samples.back(), 77);
}

TEST(Slides, AFileThatIsWrittenMeanwhileIsAnError) {
  Slides files;
  files.add("a.dcm", level_file("1.2.1", 64, 10));
  const std::vector<std::filesystem::path> paths = {files.inputs[0].path};
  const EncodedImage slide = model_of_slides().open_slide(paths, "a.dcm", all_tiles_of_level(0));
  std::filesystem::resize_file(paths[0], 600);
  EXPECT_THROW(static_cast<void>(slide.prepare(0)), Error);
}

}  // namespace
}  // namespace mi2::embedder
