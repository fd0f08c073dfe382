// MetaImage: its fields, and what is refused.

#include <cstdint>
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

std::string header(const std::string& more, const std::string& type = "MET_UCHAR", const std::string& sizes = "3 2 1",
                   const std::string& file = "LOCAL") {
  return "ObjectType = Image\nNDims = " + std::to_string((sizes.size() + 1) / 2) + "\nDimSize = " + sizes +
         "\nElementType = " + type + "\n" + more + "ElementDataFile = " + file + "\n";
}

const std::string kIdentity = "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 1 2 3\nElementSpacing = 1 1 2\n";
const std::string kVoxels = "\1\2\3\4\5\6";

TEST(MetaImage, LiesAsItsMatrixSays) {
  const std::string file = header(kIdentity) + kVoxels;
  EXPECT_THAT(slices_of(file), ElementsAre(Shades{1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(*open_text(file)->info(0).position, ElementsAre(1, 2, 3));
  EXPECT_THAT(open_text(file)->read(0).warnings, IsEmpty());
  const std::string turned = "TransformMatrix = 0 1 0 -1 0 0 0 0 1\n";
  EXPECT_THAT(slices_of(header(turned) + kVoxels), ElementsAre(Shades{4, 1, 5, 2, 6, 3}))
      << "the first axis goes back, the second to the right";
  const std::string none = header("") + kVoxels;
  EXPECT_THAT(open_text(none)->read(0).warnings, ElementsAre(HasSubstr("no_orientation: ")));
  test::expect_error(Code::kBadFile, {"TransformMatrix"},
                     [&] { open_text(header("TransformMatrix = 1 0 0\n") + kVoxels); });
}

TEST(MetaImage, ReadsTypesByteOrdersAndScales) {
  const std::vector<std::int16_t> values{-5, 7, 300};
  EXPECT_THAT(slices_of(header(kIdentity, "MET_SHORT", "3 1 1") + bytes_of(values)), ElementsAre(Shades{0, 7, 255}));
  for (const char* key : {"BinaryDataByteOrderMSB", "ElementByteOrderMSB"}) {
    EXPECT_THAT(slices_of(header(kIdentity + key + " = True\n", "MET_SHORT", "3 1 1") + bytes_of(values, true)),
                ElementsAre(Shades{0, 7, 255}));
  }
  const std::string scale = "ElementToIntensityFunctionSlope = 2\nElementToIntensityFunctionOffset = 1\n";
  EXPECT_THAT(slices_of(header(kIdentity + scale) + kVoxels), ElementsAre(Shades{3, 5, 7, 9, 11, 13}));
  test::expect_error(Code::kUnsupported, {"MET_LONG"}, [&] { open_text(header(kIdentity, "MET_LONG") + kVoxels); });
  test::expect_error(Code::kUnsupported, {"BinaryData"},
                     [&] { open_text(header("BinaryData = False\n") + "1 2 3 4 5 6"); });
}

TEST(MetaImage, ReadsCompressedDataAndColours) {
  const std::string packed = test::deflated(kVoxels, test::kZlib);
  EXPECT_THAT(slices_of(header(kIdentity + "CompressedData = True\n") + packed), ElementsAre(Shades{1, 2, 3, 4, 5, 6}));
  test::expect_error(Code::kBadFile, {"compressed"}, [&] {
    open_text(header(kIdentity + "CompressedData = True\n") + packed.substr(0, packed.size() - 3));
  });
  const std::string colours =
      header(kIdentity + "ElementNumberOfChannels = 3\n", "MET_UCHAR_ARRAY", "2 1 1") + "abcdef";
  EXPECT_EQ(open_text(colours)->read(0).samples, (Shades{'a', 'b', 'c', 'd', 'e', 'f'}));
  test::expect_error(Code::kUnsupported, {"ElementNumberOfChannels"}, [&] {
    open_text(header(kIdentity + "ElementNumberOfChannels = 3\n", "MET_FLOAT", "2 1 1") + std::string(24, '\0'));
  });
}

TEST(MetaImage, IsKnownByItsFirstLines) {
  const auto looks = [](const std::string& text) { return looks_like_volume(std::as_bytes(std::span(text))); };
  EXPECT_TRUE(looks(header(kIdentity)));
  EXPECT_TRUE(looks("Comment = anything\r\nNDims = 3\r\n"));
  EXPECT_FALSE(looks("ObjectType = Tube\nNDims = 3\n"));
  EXPECT_FALSE(looks("key = value\nother = value\n"));
  EXPECT_FALSE(looks("a text about\nNDims = 3\n"));
}

TEST(MetaImage, BrokenFilesAreRefused) {
  test::expect_error(Code::kBadFile, {"truncated"}, [&] { open_text(header(kIdentity) + "\1\2"); });
  test::expect_error(Code::kBadFile, {"ElementDataFile"}, [&] { open_text("NDims = 3\nDimSize = 1 1 1\n"); });
  test::expect_error(Code::kBadFile, {"NDims"}, [&] {
    open_text("NDims = 2\nDimSize = 1 1 1\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n.");
  });
  test::expect_error(Code::kBadFile, {"scale"},
                     [&] { open_text(header("ElementToIntensityFunctionSlope = 0\n") + kVoxels); });
}

TEST(MetaImage, DetachedDataAreTakenFromBesideTheHeaderAlone) {
  const std::string text = header(kIdentity, "MET_UCHAR", "3 2 1", "a.raw");
  const auto bytes = std::as_bytes(std::span(text));
  EXPECT_EQ(data_file(bytes, "folder/a.mhd"), std::filesystem::path("folder/a.raw"));
  test::expect_error(Code::kUnsupported, {"another file"}, [&] { open_text(text); });
  const auto voxels = std::as_bytes(std::span(kVoxels));
  const auto one = joined(bytes, {voxels.begin(), voxels.end()}, 1000, "test");
  EXPECT_THAT(slices_of({reinterpret_cast<const char*>(one.data()), one.size()}),
              ElementsAre(Shades{1, 2, 3, 4, 5, 6}));
  const std::string away = header(kIdentity, "MET_UCHAR", "3 2 1", "../a.raw");
  test::expect_error(Code::kUnsupported, {"another folder"},
                     [&] { data_file(std::as_bytes(std::span(away)), "a.mhd"); });
}

}  // namespace
}  // namespace mi2::volume
