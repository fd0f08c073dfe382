#include "dicom/dicom.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <optional>

#include <mi2/error.hpp>

#include "builder.hpp"

namespace mi2::dicom::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void expect_error(const std::vector<std::byte>& file, Code code, const char* message, const Options& options = {}) {
  try {
    decode(file, options, "test");
    FAIL() << "no error; expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(message));
    EXPECT_THAT(error.what(), ::testing::StartsWith("test: "));
  }
}

TEST(DicomGrey, LinearWindowFollowsTheStandard) { EXPECT_THAT(pixels(ramp()), ElementsAre(0, 85, 170, 255)); }

TEST(DicomGrey, LinearExactAndSigmoidFollowTheirFormulas) {
  EXPECT_THAT(pixels(ramp().text(0x00281056, "CS", "LINEAR_EXACT")), ElementsAre(0, 64, 128, 191));
  EXPECT_THAT(pixels(ramp().text(0x00281056, "CS", "SIGMOID")), ElementsAre(30, 69, 128, 186));
}

TEST(DicomGrey, Monochrome1IsInverted) {
  EXPECT_THAT(pixels(ramp().text(0x00280004, "CS", "MONOCHROME1")), ElementsAre(255, 170, 85, 0));
}

TEST(DicomGrey, WindowOptionOverridesTheFile) {
  Options options;
  options.window = Window{0.5, 1};
  EXPECT_THAT(pixels(ramp(), options), ElementsAre(0, 255, 255, 255));
}

TEST(DicomGrey, RescaleComesBeforeTheWindow) {
  EXPECT_THAT(pixels(ramp().text(0x00281052, "DS", "-10").text(0x00281053, "DS", "10")), ElementsAre(0, 0, 255, 255));
}

TEST(DicomGrey, OverlaysOverBitsStoredAreMaskedAndTheSignIsExtended) {
  Dataset dataset = ramp().us(0x00280101, {12}).us(0x00280102, {11}).us(0x00280103, {1});
  dataset.words(kPixels, {0xF001, 0x0FFF, 0x7002, 0x8800})
      .us(0x60000102, {12})
      .text(0x00281050, "DS", "1")
      .text(0x00281051, "DS", "4");
  EXPECT_THAT(pixels(dataset), ElementsAre(170, 0, 255, 0));
}

TEST(DicomGrey, VoiTableServesWhereThereIsNoWindow) {
  const Dataset item = Dataset().us(0x00283002, {4, 0, 8}).words(0x00283006, {255, 100, 50, 0});
  Dataset dataset = ramp().remove(0x00281050).remove(0x00281051).sequence(0x00283010, {item});
  EXPECT_THAT(pixels(dataset), ElementsAre(255, 100, 50, 0));
}

TEST(DicomGrey, MiddleFrameIsTaken) {
  Dataset dataset = picture("MONOCHROME2", 1, 2, 8).text(0x00280008, "IS", "3");
  dataset.text(0x00281050, "DS", "128").text(0x00281051, "DS", "256").put(kPixels, "OB", "abcdef");
  EXPECT_THAT(pixels(dataset), ElementsAre('c', 'd'));
}

Dataset three_frames() {
  Dataset dataset = picture("MONOCHROME2", 1, 2, 8).text(0x00280008, "IS", "3");
  dataset.text(0x00281050, "DS", "128").text(0x00281051, "DS", "256").put(kPixels, "OB", "abcdef");
  return dataset;
}

TEST(DicomSource, EveryFrameIsReadInAnyOrder) {
  const std::vector<std::byte> file = three_frames().file();
  const auto source = open(file, {}, "test");
  ASSERT_EQ(source->frames(), 3U);
  EXPECT_THAT(source->read(2).samples, ElementsAre('e', 'f'));
  EXPECT_THAT(source->read(0).samples, ElementsAre('a', 'b'));
  EXPECT_THAT(source->read(1).samples, ElementsAre('c', 'd'));
  EXPECT_THAT(source->read(0).samples, ElementsAre('a', 'b'));
}

TEST(DicomSource, AFrameThatIsNotThereIsRefusedByItsNumber) {
  const std::vector<std::byte> file = three_frames().file();
  const auto source = open(file, {}, "test");
  for (const bool pixels : {false, true}) {
    try {
      if (pixels) {
        static_cast<void>(source->read(3));
      } else {
        static_cast<void>(source->info(3));
      }
      FAIL() << "frame 4 of 3 was given";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kBadArgument);
      EXPECT_STREQ(error.what(), "test: expected a frame from 1 to 3, got 4");
    }
  }
}

TEST(DicomSource, InfoIsTheFramesOwnElseTheSharedElseTheObjects) {
  const auto plane = [](std::string_view position) {
    return Dataset().sequence(0x00209113, {Dataset().text(0x00200032, "DS", position)});
  };
  Dataset dataset = three_frames();
  dataset.text(0x0020000D, "UI", "1.2.3").text(0x0020000E, "UI", "1.2.4").text(0x00080018, "UI", "1.2.5");
  dataset.text(0x00200013, "IS", "7").text(0x00200032, "DS", "9\\9\\9");
  dataset.sequence(0x52009230, {plane("1\\-2.5\\+3"), plane("4\\5\\6")});
  dataset.sequence(0x52009229, {Dataset().sequence(0x00289110, {Dataset().text(0x00280030, "DS", "0.5\\0.25")})});
  const std::vector<std::byte> file = dataset.file();
  const auto source = open(file, {}, "test");
  const image::FrameInfo first = source->info(0);
  EXPECT_EQ(first.index, 0U);
  EXPECT_EQ(first.frames, 3U);
  EXPECT_EQ(first.study_uid, "1.2.3");
  EXPECT_EQ(first.series_uid, "1.2.4");
  EXPECT_EQ(first.instance_uid, "1.2.5");
  EXPECT_EQ(first.instance_number, 7);
  EXPECT_EQ(first.position, (std::array{1.0, -2.5, 3.0}));
  EXPECT_EQ(first.spacing, (std::array{0.5, 0.25}));
  EXPECT_EQ(first.window, (std::array{128.0, 256.0}));
  EXPECT_EQ(source->info(1).position, (std::array{4.0, 5.0, 6.0}));
  EXPECT_EQ(source->info(2).position, (std::array{9.0, 9.0, 9.0}));
}

TEST(DicomSource, WhatTheFileDoesNotSayOrSaysBadlyIsEmpty) {
  const std::vector<std::byte> file =
      three_frames().remove(0x00281050).text(0x00200032, "DS", "1\\2").text(0x00280030, "DS", "a\\b").file();
  const image::FrameInfo info = open(file, {}, "test")->info(0);
  EXPECT_EQ(info.series_uid, "");
  EXPECT_EQ(info.instance_number, std::nullopt);
  EXPECT_EQ(info.position, std::nullopt);
  EXPECT_EQ(info.spacing, std::nullopt);
  EXPECT_EQ(info.window, std::nullopt);
}

TEST(DicomColour, PixelAndPlaneOrderGiveTheSamePicture) {
  Dataset dataset = picture("RGB", 1, 2, 8, 3).us(0x00280006, {0}).put(kPixels, "OB", "rgbRGB");
  EXPECT_THAT(pixels(dataset), ElementsAre('r', 'g', 'b', 'R', 'G', 'B'));
  dataset.us(0x00280006, {1}).put(kPixels, "OB", "rRgGbB");
  EXPECT_THAT(pixels(dataset), ElementsAre('r', 'g', 'b', 'R', 'G', 'B'));
}

TEST(DicomColour, YbrBecomesRgb) {
  Dataset dataset = picture("YBR_FULL", 1, 1, 8, 3).us(0x00280006, {0}).put(kPixels, "OB", "\x4C\x55\xFF");
  EXPECT_THAT(pixels(dataset), ElementsAre(254, 0, 0));
  dataset = picture("YBR_FULL_422", 1, 2, 8, 3).us(0x00280006, {0}).put(kPixels, "OB", "\x10\x20\x80\x80");
  EXPECT_THAT(pixels(dataset), ElementsAre(16, 16, 16, 32, 32, 32));
}

TEST(DicomColour, PaletteGivesTheHighByte) {
  Dataset dataset = picture("PALETTE COLOR", 1, 2, 8).put(kPixels, "OB", std::string("\0\1", 2));
  for (std::uint16_t i = 0; i < 3; ++i) {
    dataset.us(0x00281101 + i, {2, 0, 16});
    dataset.words(0x00281201 + i, {static_cast<std::uint16_t>(0x1200 + i), 0xFF00});
  }
  EXPECT_THAT(pixels(dataset), ElementsAre(0x12, 0x12, 0x12, 0xFF, 0xFF, 0xFF));
}

TEST(DicomRefusal, NamesTheTransferSyntax) {
  expect_error(ramp().file("1.2.840.10008.1.2.4.110"), Code::kUnsupported,
               "transfer syntax JPEG XL Lossless (1.2.840.10008.1.2.4.110) is not read");
  expect_error(ramp().file("1.2.3.4"), Code::kUnsupported, "unknown transfer syntax '1.2.3.4'");
}

TEST(DicomRefusal, ObjectWithoutPixelsNamesItsClass) {
  expect_error(ramp().remove(kPixels).file(), Code::kUnsupported,
               "holds no pixel data (SOP class 1.2.840.10008.5.1.4.1.1.7)");
}

TEST(DicomRefusal, ShortPixelDataSaysWhatIsNeeded) {
  expect_error(ramp().words(kPixels, {0, 1}).file(), Code::kBadFile, "pixel data has 4 bytes");
  std::vector<std::byte> cut = ramp().file();
  cut.resize(cut.size() - 3);
  expect_error(cut, Code::kBadFile, "pixel data has 5 bytes");
}

TEST(DicomRefusal, HugeFrameIsRefusedBeforeAllocation) {
  Options options;
  options.max_pixels = 1000;
  expect_error(ramp().us(0x00280010, {65535}).us(0x00280011, {65535}).file(), Code::kTooLarge, "65535 x 65535",
               options);
}

TEST(DicomRefusal, FramesThatNoIntegerCountsAreRefused) {
  std::string beyond(sizeof(double), '\0');
  const double number = 1e300;
  std::memcpy(beyond.data(), &number, sizeof number);
  expect_error(ramp().put(0x00280008, "FD", beyond).file(), Code::kBadFile, "NumberOfFrames is 1e+300");
  expect_error(ramp().text(0x00280008, "IS", "2147483647").file(), Code::kBadFile, "2147483647 frames of 4 x 1");
}

TEST(DicomRefusal, DeepNestingIsRefused) {
  Dataset inner;
  for (int i = 0; i < 100; ++i) inner = Dataset().sequence(0x00283010, {inner});
  expect_error(ramp().sequence(0x00283010, {inner}).file(), Code::kBadFile, "nest deeper");
}

TEST(DicomRefusal, OtherBytesAreNotDicom) {
  expect_error(to_bytes("plain text, not an object of any kind"), Code::kBadFile, "not a DICOM object");
  expect_error({}, Code::kBadFile, "not a DICOM object");
}

TEST(DicomSniff, KnowsPrefixedAndBareObjects) {
  EXPECT_TRUE(looks_like_dicom(ramp().file()));
  EXPECT_TRUE(looks_like_dicom(to_bytes(ramp().body())));
  EXPECT_FALSE(looks_like_dicom(to_bytes("\x89PNG\r\n\x1a\n and more")));
}

}  // namespace
}  // namespace mi2::dicom::testing
