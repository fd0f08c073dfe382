// Values of a volume to shades: by the volume, by the slice, by a window.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/intensity.hpp"
#include "volume/builder.hpp"

namespace mi2::volume {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two slices of 16 x 16: the second has ten times the values of the first.
template <typename T>
Nifti two_slices(int datatype) {
  Nifti nifti;
  nifti.dim = {16, 16, 2};
  nifti.srow[0][0] = nifti.srow[1][1] = -1;
  nifti.datatype = datatype;
  std::vector<T> values;
  for (int k : {1, 10}) {
    for (int i = 0; i < 256; ++i) values.push_back(static_cast<T>(i * k));
  }
  nifti.voxels = bytes_of(values);
  return nifti;
}

/// What image::to_8bit makes of these values.
template <typename T>
Shades expected(const std::string& file, std::string_view rule, std::size_t first, std::size_t count) {
  std::vector<float> values;
  for (std::size_t i = 0; i < 512; ++i) {
    T value;
    std::memcpy(&value, file.data() + 352 + i * sizeof value, sizeof value);
    values.push_back(static_cast<float>(value));
  }
  const image::Range range = image::intensity_range(std::span(values).subspan(first, count), parse_intensity(rule));
  return image::to_8bit(std::span(values).first(256), range);
}

template <typename T>
void expect_by_volume_and_slice(int datatype) {
  const std::string file = two_slices<T>(datatype).file();
  for (const char* rule : {"percentile:1,99", "percentile:0,100", "minmax", "percentile:33.3,66.6"}) {
    Options options;
    options.intensity = parse_intensity(rule);
    EXPECT_EQ(slices_of(file, options)[0], expected<T>(file, rule, 0, 512)) << "a volume's slices have one scale";
    options.intensity.scope = Intensity::Scope::kSeries;
    EXPECT_EQ(slices_of(file, options)[0], expected<T>(file, rule, 0, 512));
    options.intensity.scope = Intensity::Scope::kImage;
    EXPECT_EQ(slices_of(file, options)[0], expected<T>(file, rule, 0, 256));
  }
}

TEST(VolumeGrey, OneScaleForAllSlicesUnlessEachIsAskedFor) {
  expect_by_volume_and_slice<std::int16_t>(4);
  expect_by_volume_and_slice<std::uint16_t>(512);
  expect_by_volume_and_slice<std::int32_t>(8);
  expect_by_volume_and_slice<float>(16);
}

TEST(VolumeGrey, VolumesOfASeriesHaveScalesOfTheirOwn) {
  Nifti nifti = two_slices<std::int16_t>(4);
  nifti.dim = {16, 16, 1, 2};
  Options options;
  options.intensity = parse_intensity("minmax");
  const std::vector<Shades> slices = slices_of(nifti.file(), options);
  EXPECT_EQ(slices[0], slices[1]);
}

TEST(VolumeGrey, BytesAreShownAsStoredUnlessARuleIsGiven) {
  Nifti nifti;
  nifti.dim = {3, 1, 1};
  nifti.srow[0][0] = -1;
  nifti.datatype = 2;
  nifti.voxels = "\1\2\3";
  EXPECT_THAT(slices_of(nifti.file(), {})[0], ElementsAre(1, 2, 3));
  nifti.slope = 2;
  EXPECT_THAT(slices_of(nifti.file(), {})[0], ElementsAre(0, 128, 255)) << "scaled, they are no shades";
}

TEST(VolumeGrey, WindowIsThatOfDicom) {
  Nifti nifti;
  nifti.dim = {4, 1, 1};
  nifti.srow[0][0] = -1;
  nifti.voxels = bytes_of<std::int16_t>({-1000, -160, 40, 240});
  Options options;
  options.window = parse_window("40,400");
  EXPECT_THAT(slices_of(nifti.file(), options)[0], ElementsAre(0, 0, 128, 255));
  options.window = parse_window("soft");
  EXPECT_THAT(slices_of(nifti.file(), options)[0], ElementsAre(0, 0, 128, 255));
  EXPECT_THAT(open_text(nifti.file(), options)->read(0).warnings, IsEmpty());
  nifti.voxels = bytes_of<std::int16_t>({0, 10, 1000, 2000});
  EXPECT_THAT(open_text(nifti.file(), options)->read(0).warnings, ElementsAre(HasSubstr("not_hounsfield: ")));
}

TEST(VolumeGrey, TakesHounsfieldIfAValueOfAVolumeIsBelowZeroAndNeverInColour) {
  Nifti nifti;
  nifti.dim = {2, 1, 1, 2};
  nifti.srow[0][0] = -1;
  nifti.voxels = bytes_of<std::int16_t>({0, 10, 1000, 2000});
  const std::string positive = nifti.file();
  EXPECT_FALSE(open_text(positive)->takes_hounsfield());
  nifti.voxels = bytes_of<std::int16_t>({0, 10, 1000, -1});
  const std::string negative = nifti.file();
  EXPECT_TRUE(open_text(negative)->takes_hounsfield());
  nifti.dim = {2, 1, 1};
  nifti.datatype = 128;
  nifti.voxels = "abcdef";
  const std::string colour = nifti.file();
  EXPECT_FALSE(open_text(colour)->takes_hounsfield());
}

}  // namespace
}  // namespace mi2::volume
