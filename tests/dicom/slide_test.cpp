// DICOM whole slides: where frames lie, and what is refused before memory is taken.

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "builder.hpp"
#include "dicom/slide.hpp"
#include "support/expect_error.hpp"

namespace mi2::dicom {
namespace {

using testing::Dataset;

constexpr const char* kSlideClass = "1.2.840.10008.5.1.4.1.1.77.1.6";

Dataset& unsigned_long(Dataset& dataset, std::uint32_t tag, std::uint32_t value) {
  return dataset.put(tag, "UL", testing::little32(value));
}

/// 2 x 2 tiles of 2 x 2 grey pixels; frame n has the value n everywhere.
Dataset slide(const std::string& organization, unsigned frames) {
  Dataset data = testing::picture("MONOCHROME2", 2, 2, 8);
  data.text(0x00080016, "UI", kSlideClass);
  data.text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\VOLUME\\NONE");
  data.text(0x0020000E, "UI", "1.2.3");
  data.text(0x00209311, "CS", organization);
  data.text(0x00280008, "IS", std::to_string(frames));
  unsigned_long(data, 0x00480006, 4);
  unsigned_long(data, 0x00480007, 3);
  std::string pixels;
  for (unsigned i = 0; i < frames; ++i) pixels += std::string(4, static_cast<char>(i));
  data.put(0x7FE00010, "OB", pixels);
  return data;
}

Dataset position(std::uint32_t x, std::uint32_t y) {
  Dataset place;
  place.put(0x0048021E, "SL", testing::little32(x));
  place.put(0x0048021F, "SL", testing::little32(y));
  Dataset frame;
  frame.sequence(0x0048021A, {place});
  return frame;
}

int value_at(const SlideObject& object, std::uint64_t column, std::uint64_t row) {
  const std::optional<std::uint64_t> frame = object.places.at(column, row);
  return frame ? object.frames->read(*frame).samples.at(0) : -1;
}

TEST(DicomSlide, AFullOneHasItsTilesRowByRow) {
  const auto file = slide("TILED_FULL", 4).file();
  const SlideObject object = open_slide(file, {}, "test");
  EXPECT_EQ(object.head.width, 4U);
  EXPECT_EQ(object.head.height, 3U);
  EXPECT_TRUE(object.head.is_level());
  EXPECT_EQ(value_at(object, 1, 0), 1);
  EXPECT_EQ(value_at(object, 0, 1), 2);
  EXPECT_EQ(value_at(object, 2, 0), -1);
}

TEST(DicomSlide, ASparseOneSaysWhereEachTileIs) {
  Dataset data = slide("TILED_SPARSE", 2);
  data.sequence(0x52009230, {position(3, 3), position(1, 1)});
  const auto file = data.file();
  const SlideObject object = open_slide(file, {}, "test");
  EXPECT_EQ(value_at(object, 1, 1), 0);
  EXPECT_EQ(value_at(object, 0, 0), 1);
  EXPECT_EQ(value_at(object, 1, 0), -1);
}

TEST(DicomSlide, PlacesMakeASparseOneWhereNothingIsSaid) {
  Dataset data = slide("", 1);
  data.sequence(0x52009230, {position(3, 1)});
  const auto file = data.file();
  EXPECT_EQ(value_at(open_slide(file, {}, "test"), 1, 0), 0);
}

TEST(DicomSlide, FramesThatAreNotThereAreRefused) {
  test::expect_error(Code::kBadFile, {"a frame for each of 2 x 2 tiles", "got 3"},
                     [] { return open_slide(slide("TILED_FULL", 3).file(), {}, "test"); });
  // Two thousand million frames that all lie where the shared group says would fill the memory.
  Dataset data = slide("TILED_SPARSE", 1);
  data.text(0x00280008, "IS", "2147483647");
  data.sequence(0x52009229, {position(1, 1)});
  test::expect_error(Code::kBadFile, {"frame 1 does not say where"},
                     [&] { return open_slide(data.file(), {}, "test"); });
}

TEST(DicomSlide, AHeadIsOfSlidesAlone) {
  const auto file = slide("TILED_FULL", 4).file();
  const std::optional<SlideHead> head = slide_head(file);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->series_uid, "1.2.3");
  EXPECT_EQ(head->flavour, "VOLUME");
  EXPECT_FALSE(slide_head(testing::ramp().file()).has_value());
  EXPECT_FALSE(slide_head({}).has_value());
  Dataset label = slide("TILED_FULL", 4);
  label.text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\LABEL\\NONE");
  EXPECT_FALSE(slide_head(label.file())->is_level());
}

TEST(DicomSlide, ASizeThatIsNotSaidIsRefused) {
  Dataset data = slide("TILED_FULL", 4);
  data.remove(0x00480006);
  test::expect_error(Code::kBadFile, {"TotalPixelMatrixColumns"}, [&] { return open_slide(data.file(), {}, "test"); });
}

}  // namespace
}  // namespace mi2::dicom
