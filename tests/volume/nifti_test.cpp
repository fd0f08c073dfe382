// NIfTI-1 and -2: what a voxel is, where it is, and what is refused.

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/deflated.hpp"
#include "support/expect_error.hpp"
#include "volume/builder.hpp"

namespace mi2::volume {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// One row of voxels, left to right on the screen.
Nifti row_of(int datatype, const std::string& voxels, std::int64_t size) {
  Nifti nifti;
  nifti.dim = {size};
  nifti.srow[0][0] = -1;
  nifti.datatype = datatype;
  nifti.voxels = voxels;
  return nifti;
}

template <typename T>
void expect_values(int datatype, const std::vector<T>& values, const Shades& shades) {
  for (const bool big : {false, true}) {
    for (const bool second : {false, true}) {
      Nifti nifti = row_of(datatype, bytes_of(values, big), static_cast<std::int64_t>(values.size()));
      nifti.big_endian = big;
      nifti.second = second;
      EXPECT_THAT(slices_of(nifti.file()), ElementsAre(shades)) << datatype << big << second;
    }
  }
}

TEST(Nifti, ReadsEveryTypeOfNumberInBothByteOrders) {
  expect_values<std::uint8_t>(2, {0, 7, 255}, {0, 7, 255});
  expect_values<std::int8_t>(256, {-3, 7, 127}, {0, 7, 127});
  expect_values<std::int16_t>(4, {-300, 7, 300}, {0, 7, 255});
  expect_values<std::uint16_t>(512, {0, 7, 65535}, {0, 7, 255});
  expect_values<std::int32_t>(8, {-70000, 7, 70000}, {0, 7, 255});
  expect_values<std::uint32_t>(768, {0, 7, 4000000000U}, {0, 7, 255});
  expect_values<std::int64_t>(1024, {-7, 7, std::int64_t{1} << 40}, {0, 7, 255});
  expect_values<std::uint64_t>(1280, {0, 7, std::uint64_t{1} << 40}, {0, 7, 255});
  expect_values<float>(16, {std::numeric_limits<float>::quiet_NaN(), 7.25F, 1e30F}, {0, 7, 255});
  expect_values<double>(64, {-0.25, 7.25, 1e300}, {0, 7, 255});
}

TEST(Nifti, ReadsColours) {
  const std::string three = row_of(128, "abcdef", 2).file();
  const auto rgb = open_text(three);
  EXPECT_EQ(rgb->read(0).mode, image::Mode::kRgb);
  EXPECT_EQ(rgb->read(0).samples, (Shades{'a', 'b', 'c', 'd', 'e', 'f'}));
  const std::string four = row_of(2304, "abcdefgh", 2).file();
  const auto rgba = open_text(four);
  EXPECT_EQ(rgba->read(0).mode, image::Mode::kRgba);
  EXPECT_EQ(rgba->read(0).samples.size(), 8U);
}

TEST(Nifti, RefusesOtherTypesByName) {
  const std::vector<std::pair<int, std::string>> types{
      {1, "binary"}, {32, "complex64"}, {1536, "float128"}, {1792, "complex128"}, {2048, "complex256"}};
  for (const auto& [type, name] : types) {
    const std::string file = row_of(type, std::string(64, '\0'), 2).file();
    test::expect_error(Code::kUnsupported, {name}, [&] { open_text(file); });
  }
  test::expect_error(Code::kBadFile, {"data type 77"}, [&] { open_text(row_of(77, "....", 2).file()); });
  Nifti vectors = row_of(16, std::string(24, '\0'), 2);
  vectors.dim = {2, 1, 1, 1, 3};
  vectors.intent = 1007;
  test::expect_error(Code::kUnsupported, {"vectors"}, [&] { open_text(vectors.file()); });
}

TEST(Nifti, ScalesUnlessTheSlopeIsNone) {
  Nifti nifti = row_of(4, bytes_of<std::int16_t>({1, 2, 3}), 3);
  nifti.slope = 10;
  nifti.intercept = 5;
  EXPECT_THAT(slices_of(nifti.file()), ElementsAre(Shades{15, 25, 35}));
  for (const double none : {0.0, std::numeric_limits<double>::quiet_NaN()}) {
    nifti.slope = none;
    EXPECT_THAT(slices_of(nifti.file()), ElementsAre(Shades{1, 2, 3}));
  }
  nifti.slope = std::numeric_limits<double>::infinity();
  test::expect_error(Code::kBadFile, {"scale"}, [&] { open_text(nifti.file()); });
}

TEST(Nifti, VolumesComeOneAfterTheOtherAndTheMiddleIsThatOfTheMiddleOne) {
  Nifti nifti;
  nifti.dim = {1, 1, 3, 2, 2};
  std::vector<std::int16_t> voxels;
  for (std::int16_t i = 0; i < 12; ++i) voxels.push_back(i);
  nifti.voxels = bytes_of(voxels);
  const std::string file = nifti.file();
  Options options = as_values();
  options.plane = Plane::kAxial;
  const auto source = open_text(file, options);
  EXPECT_EQ(source->frames(), 12U);
  EXPECT_EQ(source->middle(), 7U);
  for (std::uint64_t i = 0; i < 12; ++i) EXPECT_THAT(source->read(i).samples, ElementsAre(i));
  test::expect_error(Code::kBadArgument, {"from 1 to 12, got 13"}, [&] { static_cast<void>(source->read(12)); });
}

TEST(Nifti, GzipGivesTheSameSlices) {
  Nifti nifti = row_of(4, bytes_of<std::int16_t>({1, 2, 3}), 3);
  const std::string file = nifti.file();
  const std::string packed = test::deflated(file, test::kGzip);
  EXPECT_TRUE(looks_like_volume(std::as_bytes(std::span(packed))));
  EXPECT_EQ(slices_of(packed), slices_of(file));
  const std::string members =
      test::deflated(file.substr(0, 200), test::kGzip) + test::deflated(file.substr(200), test::kGzip);
  EXPECT_EQ(slices_of(members), slices_of(file)) << "as bgzip writes it";
  const std::string other = test::deflated("no volume", test::kGzip);
  EXPECT_FALSE(looks_like_volume(std::as_bytes(std::span(other))));
}

TEST(Nifti, DamagedGzipIsRefused) {
  std::vector<std::int16_t> voxels(4000);
  for (std::size_t i = 0; i < voxels.size(); ++i) voxels[i] = static_cast<std::int16_t>(i * i % 7919);
  const std::string packed = test::deflated(row_of(4, bytes_of(voxels), 4000).file(), test::kGzip);
  test::expect_error(Code::kBadFile, {"compressed"}, [&] { open_text(packed.substr(0, packed.size() / 2)); });
  test::expect_error(Code::kBadFile, {"compressed"}, [&] { open_text(packed.substr(0, packed.size() - 4)); });
  std::string damaged = packed;
  damaged[packed.size() - 6] = static_cast<char>(damaged[packed.size() - 6] ^ 1);
  test::expect_error(Code::kBadFile, {"compressed"}, [&] { open_text(damaged); });
}

TEST(Nifti, SizesAreCheckedBeforeAnythingIsAllocated) {
  Nifti nifti;
  nifti.dim = {30000, 30000, 30000};
  nifti.voxels = "few";
  test::expect_error(Code::kBadFile, {"truncated"}, [&] { open_text(nifti.file()); });
  test::expect_error(Code::kTooLarge, {"unpacked"}, [&] { open_text(test::deflated(nifti.file(), test::kGzip)); });
  nifti.dim = {1000, 1000, 100};
  test::expect_error(Code::kBadFile, {"cannot hold"}, [&] { open_text(test::deflated(nifti.file(), test::kGzip)); });
  nifti.second = true;
  nifti.dim = {std::int64_t{1} << 62, 8, 8};
  test::expect_error(Code::kTooLarge, {}, [&] { open_text(nifti.file()); });
  nifti.dim = {0, 2, 2};
  test::expect_error(Code::kBadFile, {"size 0"}, [&] { open_text(nifti.file()); });
  nifti.dim = {-5, 2, 2};
  test::expect_error(Code::kBadFile, {"size -5"}, [&] { open_text(nifti.file()); });
  nifti = Nifti();
  nifti.dim = {300, 300};
  nifti.voxels = std::string(180000, '\0');
  Options options;
  options.max_pixels = 80000;
  test::expect_error(Code::kTooLarge, {"300 x 300"}, [&] { open_text(nifti.file(), options); });
}

TEST(Nifti, QuaternionsAndMatricesOrientAlike) {
  // By 90 degrees round the axis upwards, with a flipped third axis.
  Nifti nifti;
  nifti.dim = {3, 2, 2};
  std::vector<std::int16_t> voxels;
  for (std::int16_t i = 0; i < 12; ++i) voxels.push_back(i);
  nifti.voxels = bytes_of(voxels);
  nifti.srow = {{{0, -2, 0, 5}, {3, 0, 0, 6}, {0, 0, -4, 7}}};
  const std::vector<Shades> want = slices_of(nifti.file());
  const auto where = open_text(nifti.file())->info(1);
  nifti.sform = 0;
  nifti.qform = 1;
  nifti.srow = {};
  nifti.quatern = {0, 0, std::sqrt(0.5)};
  nifti.qoffset = {5, 6, 7};
  nifti.pixdim = {-1, 3, 2, 4};
  EXPECT_EQ(slices_of(nifti.file()), want);
  const auto again = open_text(nifti.file())->info(1);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(again.position->at(i), where.position->at(i), 1e-5);
  EXPECT_NEAR(again.spacing->at(0), 3, 1e-6) << "between rows: the axis that goes to the front";
}

TEST(Nifti, WithoutAnOrientationIsReadWithAWarning) {
  Nifti nifti = row_of(4, bytes_of<std::int16_t>({1, 2, 3}), 3);
  nifti.sform = 0;
  const image::Image slice = open_text(nifti.file(), as_values())->read(0);
  EXPECT_THAT(slice.warnings, ElementsAre(HasSubstr("no_orientation: ")));
  EXPECT_THAT(slice.samples, ElementsAre(1, 2, 3)) << "as nibabel: the first axis goes to the left";
}

TEST(Nifti, TwoOrientationsThatDisagreeAreAWarning) {
  Nifti nifti = row_of(4, bytes_of<std::int16_t>({1, 2, 3}), 3);
  nifti.qform = 1;
  const image::Image slice = open_text(nifti.file(), as_values())->read(0);
  EXPECT_THAT(slice.warnings, ElementsAre(HasSubstr("two_orientations: ")));
  EXPECT_THAT(slice.samples, ElementsAre(1, 2, 3)) << "the sform's";
  nifti.quatern = {0, 1, 0};
  nifti.pixdim[0] = -1;  // then z goes up again
  EXPECT_THAT(open_text(nifti.file())->read(0).warnings, IsEmpty());
}

TEST(Nifti, OffsetsAreFollowedWhereTheyMakeSense) {
  Nifti nifti = row_of(2, "padding!\1\2\3", 3);
  nifti.offset = 360;
  EXPECT_THAT(slices_of(nifti.file()), ElementsAre(Shades{1, 2, 3}));
  for (const double bad : {10.0, 352.5, 1e30, std::numeric_limits<double>::quiet_NaN()}) {
    nifti.offset = bad;
    if (std::isnan(bad)) nifti.offset = std::numeric_limits<double>::infinity();
    test::expect_error(Code::kBadFile, {"offset"}, [&] { open_text(nifti.file()); });
  }
  nifti.offset = 100000;
  test::expect_error(Code::kBadFile, {"truncated"}, [&] { open_text(nifti.file()); });
}

TEST(Nifti, PairIsReadFromBothFiles) {
  for (const bool second : {false, true}) {
    for (const bool big : {false, true}) {
      Nifti nifti = row_of(4, {}, 3);
      nifti.second = second;
      nifti.big_endian = big;
      nifti.magic = second ? std::string("ni2\0\r\n\x1a\n", 8) : std::string("ni1\0", 4);
      nifti.offset = 2;
      const std::string header = nifti.header().substr(0, second ? 540 : 348);
      const auto bytes = std::as_bytes(std::span(header));
      EXPECT_EQ(data_file(bytes, "a/b.hdr"), std::filesystem::path("a/b.img"));
      test::expect_error(Code::kUnsupported, {"another file"}, [&] { open_text(header); });
      const std::string voxels = ".." + bytes_of<std::int16_t>({4, 5, 6}, big);
      const auto of_voxels = std::as_bytes(std::span(voxels));
      const std::vector<std::byte> one = joined(bytes, {of_voxels.begin(), of_voxels.end()}, 10000, "test");
      EXPECT_THAT(slices_of({reinterpret_cast<const char*>(one.data()), one.size()}), ElementsAre(Shades{4, 5, 6}));
      test::expect_error(Code::kTooLarge, {"the limit is 300"}, [&] {
        joined(bytes, {of_voxels.begin(), of_voxels.end()}, 300, "test");
      });
    }
  }
}

TEST(Nifti, CompressedHeaderOfAPairIsRefused) {
  Nifti nifti = row_of(4, {}, 3);
  nifti.magic = std::string("ni1\0", 4);
  const std::string packed = test::deflated(nifti.header(), test::kGzip);
  const auto bytes = std::as_bytes(std::span(packed));
  EXPECT_FALSE(data_file(bytes, "a.hdr"));
  test::expect_error(Code::kUnsupported, {"another file"}, [&] { open_text(packed); });
  test::expect_error(Code::kUnsupported, {"gzip"}, [&] { joined(bytes, {}, 10000, "test"); });
}

TEST(Nifti, AnalyzeIsRefusedByName) {
  Nifti nifti = row_of(4, {}, 3);
  nifti.magic = std::string(4, '\0');
  test::expect_error(Code::kUnsupported, {"Analyze 7.5"}, [&] { open_text(nifti.file()); });
}

}  // namespace
}  // namespace mi2::volume
