// DICOM files as series.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom/builder.hpp"
#include "embedder/preparer.hpp"
#include "embedder/series.hpp"
#include "support/paths.hpp"
#include "support/temporary_folder.hpp"

#include <mi2/embedder.hpp>

namespace mi2::embedder {
namespace {

using ::testing::ElementsAre;

std::vector<std::size_t> inputs_of(const std::vector<PlacedFrame>& frames) {
  std::vector<std::size_t> inputs;
  for (const PlacedFrame& frame : frames) inputs.push_back(frame.input);
  return inputs;
}

TEST(SortByPlace, PositionsGoBeforeInstanceNumbers) {
  std::vector<PlacedFrame> frames{{0, 0, 30.0, 1}, {1, 0, -10.0, 2}, {2, 0, 10.0, 3}};
  sort_by_place(frames);
  EXPECT_THAT(inputs_of(frames), ElementsAre(1, 2, 0));
}

TEST(SortByPlace, TimeSeriesAreOneVolumeAfterTheOther) {
  std::vector<PlacedFrame> frames{{0, 0, 0.0, 4}, {1, 0, 5.0, 5}, {2, 0, 0.0002, 1}, {3, 0, 5.0001, 2}};
  sort_by_place(frames);
  EXPECT_THAT(inputs_of(frames), ElementsAre(2, 3, 0, 1));
  frames.push_back({4, 0, 5.0, 9});
  sort_by_place(frames);
  EXPECT_THAT(inputs_of(frames), ElementsAre(2, 0, 3, 1, 4)) << "places with several, not all alike";
}

TEST(SortByPlace, WithoutPlacesInstanceNumbersCount) {
  std::vector<PlacedFrame> frames{{0, 0, {}, 3}, {1, 0, {}, {}}, {2, 0, {}, 1}, {2, 1, {}, 1}};
  sort_by_place(frames);
  EXPECT_THAT(inputs_of(frames), ElementsAre(2, 2, 0, 1));
  EXPECT_EQ(frames[1].frame, 1U);
}

/// A slice of four pixels of 16 bits, without a window.
std::vector<std::byte> slice(const std::string& series, const std::string& position, const std::string& orientation,
                             const std::vector<std::uint16_t>& values) {
  dicom::testing::Dataset data = dicom::testing::ramp();
  data.remove(0x00281050).remove(0x00281051).words(dicom::testing::kPixels, values);
  data.text(0x0020000E, "UI", series).text(0x00200032, "DS", position).text(0x00200037, "DS", orientation);
  return data.file();
}

class SeriesOfFiles : public ::testing::Test {
 protected:
  void add(const std::string& name, const std::vector<std::byte>& bytes) {
    inputs.push_back({folder.write(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}).string()});
  }
  test::TemporaryFolder folder;
  std::vector<Input> inputs;
};

const std::string kAxial = "1\\0\\0\\0\\1\\0";

TEST_F(SeriesOfFiles, FilesAreGroupedBySeriesAndPlane) {
  add("a", slice("1.1", "0\\0\\20", kAxial, {0, 1, 2, 3}));
  add("b", slice("1.2", "0\\0\\0", kAxial, {0, 1, 2, 3}));
  add("c", slice("1.1", "0\\0\\-20", kAxial, {0, 1, 2, 3}));
  add("d", slice("1.1", "0\\0\\0", "1\\0\\0\\0\\0\\-1", {0, 1, 2, 3}));
  inputs.push_back({folder.write("e", "no DICOM").string()});
  inputs.push_back({"gone"});
  const std::vector<SeriesOrInput> groups = group_series(inputs, {});
  ASSERT_EQ(groups.size(), 5U);
  EXPECT_THAT(inputs_of(groups[0].series.frames), ElementsAre(2, 0)) << "from below";
  EXPECT_THAT(inputs_of(groups[1].series.frames), ElementsAre(1));
  EXPECT_THAT(inputs_of(groups[2].series.frames), ElementsAre(3)) << "a localiser of the same series";
  EXPECT_TRUE(groups[3].series.frames.empty() && groups[4].series.frames.empty());
}

TEST_F(SeriesOfFiles, MultiFrameObjectsHaveTheGreyLevelsOfAllFramesWhenAsked) {
  dicom::testing::Dataset data = dicom::testing::ramp();
  data.remove(0x00281050).remove(0x00281051).text(0x00280008, "IS", "2");
  data.words(dicom::testing::kPixels, {0, 1, 2, 3, 0, 100, 200, 300});
  const std::vector<std::byte> file = data.file();
  ImageOptions options;
  options.intensity = parse_intensity("series:minmax");
  EXPECT_THAT(open_source(file, "test", options)->read(0).samples, ElementsAre(0, 1, 2, 3));
  options.intensity = parse_intensity("minmax");
  EXPECT_THAT(open_source(file, "test", options)->read(0).samples, ElementsAre(0, 85, 170, 255));
}

struct Row {
  std::string file;
  FramePlace place;
  int level;  ///< of its first pixel

  friend bool operator==(const Row&, const Row&) = default;
};

std::vector<Row> rows_of(const std::vector<Input>& inputs, const std::string& frames, const std::string& intensity) {
  static const Embedder embedder = Embedder::open(test::starter_model());
  ImageOptions options;
  options.frames = parse_frames(frames);
  options.intensity = parse_intensity(intensity);
  const auto open = [](std::vector<std::byte> bytes, std::string_view name, const ImageOptions& own) {
    return embedder.open_image(std::move(bytes), name, own);
  };
  NextItem next = series_of(inputs, options, open);
  std::vector<Row> rows;
  while (const std::optional<Item> item = next()) {
    rows.push_back({std::filesystem::path(item->name).filename(), item->frame.value_or(FramePlace{0, 0}), -1});
    try {
      rows.back().level = item->prepare().image->samples.at(0);
    } catch (const Error&) {  // stays -1
    }
  }
  return rows;
}

TEST_F(SeriesOfFiles, FramesAreSelectedAmongThoseOfTheSeriesAndCalledAsTheirFiles) {
  add("a", slice("1.1", "0\\0\\20", kAxial, {300, 300, 300, 300}));
  add("b", slice("1.1", "0\\0\\0", kAxial, {0, 0, 0, 0}));
  add("c", slice("1.1", "0\\0\\10", kAxial, {100, 100, 100, 100}));
  inputs.push_back({"gone"});
  EXPECT_EQ(rows_of(inputs, "all", "series:minmax"),
            (std::vector<Row>{{"b", {1, 3}, 0}, {"c", {2, 3}, 85}, {"a", {3, 3}, 255}, {"gone", {0, 0}, -1}}));
  EXPECT_EQ(rows_of(inputs, "middle", "series:minmax").front(), (Row{"c", {2, 3}, 85}));
  EXPECT_EQ(rows_of(inputs, "all", "minmax")[2].level, 0) << "each by itself: a single value is black";
  EXPECT_EQ(rows_of(inputs, "7", "minmax"), (std::vector<Row>{{"a", {0, 0}, -1}, {"gone", {0, 0}, -1}}));
}

TEST_F(SeriesOfFiles, GreyLevelsOfASeriesTakeOneReadingOfEachFile) {
  std::map<std::string, int> reads;
  const auto add_counted = [&](const std::string& name, std::vector<std::byte> bytes) {
    Input input{name};
    input.read = [&reads, name, bytes = std::move(bytes)](std::uint64_t) {
      ++reads[name];
      return bytes;
    };
    inputs.push_back(std::move(input));
  };
  add_counted("a", slice("1.1", "0\\0\\20", kAxial, {300, 301, 302, 303}));
  add_counted("b", slice("1.1", "0\\0\\0", kAxial, {0, 1, 2, 3}));
  const std::vector<Row> rows = rows_of(inputs, "all", "series:percentile:0,100");
  EXPECT_EQ(rows, (std::vector<Row>{{"b", {1, 2}, 0}, {"a", {2, 2}, 252}}));
  // To group them, for the levels, and to be embedded.
  EXPECT_EQ(reads, (std::map<std::string, int>{{"a", 3}, {"b", 3}}));
}

}  // namespace
}  // namespace mi2::embedder
