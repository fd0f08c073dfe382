// Kinds of objects that are easily read wrong without a word: each is right, refused, or has a warning.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include <mi2/error.hpp>

#include "builder.hpp"
#include "dicom/attributes.hpp"
#include "dicom/dicom.hpp"

namespace mi2::dicom::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

image::Image image_of(const Dataset& dataset, const Options& options = {}) {
  return decode(dataset.file(), options, "test");
}

std::string refusal_of(const Dataset& dataset) {
  try {
    static_cast<void>(image_of(dataset));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kBadFile) << error.what();
    return error.what();
  }
  return "no refusal";
}

std::string raw(double value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

const auto kRampShades = ElementsAre(0, 85, 170, 255);

TEST(DicomVr, AttributesAreReadByTheDictionary) {
  for (const char* vr : {"UN", "LO", "SH", "ST", "OB", "CS", "IS"}) {
    EXPECT_THAT(pixels(ramp().put(0x00281050, vr, "2 ").put(0x00281051, vr, "4 ")), kRampShades) << vr;
    EXPECT_THAT(pixels(ramp().put(0x00281053, vr, "1 ").put(0x00281052, vr, "0 ")), kRampShades) << vr;
  }
  for (const char* vr : {"UN", "OB", "OW", "LO", "SS"}) {
    EXPECT_THAT(pixels(ramp().put(0x00280011, vr, little16({4})).put(0x00280100, vr, little16({16}))), kRampShades)
        << vr;
  }
  for (const char* vr : {"DS", "IS", "LO", "SH"}) {
    EXPECT_THAT(pixels(ramp().put(0x00280011, vr, "4 ").put(0x00280100, vr, "16")), kRampShades) << vr;
  }
  EXPECT_THAT(pixels(ramp().put(0x00281050, "FD", raw(2)).put(0x00281051, "US", little16({4}))), kRampShades);
  EXPECT_THAT(pixels(ramp().put(0x00280004, "UN", "MONOCHROME1 ")), ElementsAre(255, 170, 85, 0));
  EXPECT_THAT(pixels(ramp().put(kPixels, "UN", little16({0, 1, 2, 3}))), kRampShades);
  EXPECT_THAT(pixels(ramp().put(kPixels, "OB", little16({0, 1, 2, 3}))), kRampShades);
}

TEST(DicomVr, SequencesOfVrUnAreReadInEitherVr) {
  const Dataset window = Dataset().text(0x00281050, "DS", "2").text(0x00281051, "DS", "4");
  const Dataset group = Dataset().sequence(0x00289132, {window});
  const std::string as_explicit =
      little16({0xFFFE, 0xE000}) + little32(static_cast<std::uint32_t>(group.body().size())) + group.body();
  Dataset dataset = ramp().remove(0x00281050).remove(0x00281051);
  EXPECT_THAT(pixels(dataset.put(0x52009229, "UN", as_explicit)), kRampShades);
  std::string inner = little16({0x0028, 0x1050}) + little32(2) + "2 " + little16({0x0028, 0x1051}) + little32(2) + "4 ";
  for (const std::uint16_t element : {0x9132, 0x0000}) {
    inner = little16({0xFFFE, 0xE000}) + little32(static_cast<std::uint32_t>(inner.size())) + inner;
    if (element != 0) inner = little16({0x0028, element}) + little32(static_cast<std::uint32_t>(inner.size())) + inner;
  }
  EXPECT_THAT(pixels(dataset.put(0x52009229, "UN", inner)), kRampShades);
}

TEST(DicomNumbers, AreReadAsPeopleWriteThem) {
  for (const char* text : {"2", " 2 ", "+2", "2.", "2,0", "2.0", "0.2E+1", "2e0", "0.2D1", "2\\40", "\t2"}) {
    EXPECT_EQ(parse_number(std::string_view(text).substr(0, std::string_view(text).find('\\'))), 2) << text;
    EXPECT_THAT(pixels(ramp().text(0x00281050, "DS", text)), kRampShades) << text;
  }
  EXPECT_THAT(pixels(ramp().put(0x00281050, "DS", std::string("2\0\0\0", 4))), kRampShades);
  EXPECT_EQ(parse_number("-0,5"), -0.5);
  for (const char* text : {"", " ", "a", "2a", "1,024.5", "1,2,3", "++1", "nan", "inf", "1e999", "0x10", "1 2"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(DicomRescale, OneThatIsNoneIsRefused) {
  EXPECT_THAT(refusal_of(ramp().text(0x00281053, "DS", "0")), HasSubstr("RescaleSlope is 0"));
  EXPECT_THAT(refusal_of(ramp().put(0x00281053, "FD", raw(0))), HasSubstr("RescaleSlope is 0"));
  EXPECT_THAT(refusal_of(ramp().text(0x00281053, "DS", "one")), HasSubstr("RescaleSlope is not a number"));
  EXPECT_THAT(refusal_of(ramp().text(0x00281052, "DS", "1,2,3")), HasSubstr("RescaleIntercept is not a number"));
  EXPECT_THAT(pixels(ramp().text(0x00281053, "DS", "").text(0x00281052, "DS", " ")), kRampShades);
  const Dataset zero = Dataset().sequence(0x00289145, {Dataset().text(0x00281053, "DS", "0")});
  EXPECT_THAT(refusal_of(ramp().sequence(0x52009229, {zero})), HasSubstr("RescaleSlope is 0"));
}

TEST(DicomWindows, AnyWidthAboveZeroIsOne) {
  Dataset tiny =
      ramp().text(0x00281053, "DS", "0.001").text(0x00281050, "DS", "0.0015").text(0x00281051, "DS", "0.003");
  EXPECT_THAT(pixels(tiny), kRampShades);
  EXPECT_THAT(pixels(ramp().text(0x00281050, "DS", "2").text(0x00281051, "DS", "1")), ElementsAre(0, 0, 255, 255));
}

TEST(DicomWindows, WhatIsNoWindowIsAWarning) {
  for (const char* width : {"0", "-4", "wide", ""}) {
    const image::Image image = image_of(ramp().text(0x00281051, "DS", width));
    EXPECT_THAT(image.warnings, ElementsAre(StartsWith("window_ignored: "))) << width;
    EXPECT_THAT(image.samples, ElementsAre(0, 84, 171, 255)) << width;
  }
}

Dataset with_voi(const std::vector<std::uint16_t>& descriptor, const std::vector<std::uint16_t>& entries) {
  const Dataset item = Dataset().us(0x00283002, descriptor).words(0x00283006, entries);
  return ramp().remove(0x00281050).remove(0x00281051).sequence(0x00283010, {item});
}

TEST(DicomTables, VoiEntriesHaveTheBitsThatTheyTake) {
  const image::Image fewer = image_of(with_voi({4, 0, 16}, {0, 1365, 2730, 4095}));
  EXPECT_THAT(fewer.samples, kRampShades);
  EXPECT_THAT(fewer.warnings, ElementsAre("lut_bits: entries of the VOI LUT take 12 bits, its descriptor says 16"));
  EXPECT_THAT(pixels(with_voi({4, 0, 16}, {0, 85, 170, 255})), kRampShades);
  EXPECT_THAT(pixels(with_voi({4, 0, 16}, {0, 341, 682, 1023})), kRampShades);
  EXPECT_THAT(pixels(with_voi({4, 0, 8}, {0, 1365, 2730, 4095})), kRampShades);
  EXPECT_THAT(pixels(with_voi({4, 0, 8}, {0, 21845, 43690, 65535})), kRampShades);
  EXPECT_THAT(pixels(with_voi({4, 0, 10}, {0, 1365, 2730, 4095})), kRampShades);
  EXPECT_THAT(pixels(with_voi({4, 0, 0}, {0, 21845, 43690, 65535})), kRampShades);
  // As they should be.
  for (const image::Image& image :
       {image_of(with_voi({4, 0, 12}, {0, 1365, 2730, 4095})), image_of(with_voi({4, 0, 16}, {0, 21845, 43690, 65535})),
        image_of(with_voi({4, 0, 8}, {0, 85, 170, 255}))}) {
    EXPECT_THAT(image.samples, kRampShades);
    EXPECT_THAT(image.warnings, IsEmpty());
  }
  EXPECT_THAT(pixels(with_voi({4, 0, 16}, {0, 20000, 30000, 40000})), ElementsAre(0, 78, 117, 156));
}

TEST(DicomTables, ShorterThanTheySayAreNotGuessedAt) {
  // Three words are neither four entries nor four bytes.
  EXPECT_THAT(image_of(with_voi({4, 0, 16}, {0, 1, 2})).warnings, ElementsAre(StartsWith("voi_ignored: ")));
  const Dataset item = Dataset().us(0x00283002, {4, 0, 16}).words(0x00283006, {3, 2, 1});
  EXPECT_THAT(refusal_of(ramp().sequence(0x00283000, {item})), HasSubstr("modality LUT"));
}

Dataset with_palette(std::uint16_t bits, std::string_view vr, const std::string& data) {
  Dataset dataset = picture("PALETTE COLOR", 1, 2, 8).put(kPixels, "OB", std::string("\0\1", 2));
  for (std::uint32_t i = 0; i < 3; ++i) {
    dataset.us(0x00281101 + i, {2, 0, bits}).put(0x00281201 + i, vr, data);
  }
  return dataset;
}

TEST(DicomTables, PalettesHaveTheBitsThatTheirEntriesTake) {
  const auto kBlackAndWhite = ElementsAre(0x12, 0x12, 0x12, 0xFF, 0xFF, 0xFF);
  EXPECT_THAT(pixels(with_palette(16, "OW", little16({0x12, 0xFF}))), kBlackAndWhite);
  EXPECT_THAT(pixels(with_palette(8, "OW", little16({0x1200, 0xFF00}))), kBlackAndWhite);
  EXPECT_THAT(pixels(with_palette(8, "OW", little16({0x1212, 0xFFFF}))), kBlackAndWhite);
  EXPECT_THAT(pixels(with_palette(8, "OW", little16({0x12, 0xFF}))), kBlackAndWhite);
  EXPECT_THAT(pixels(with_palette(8, "OW", "\x12\xFF")), kBlackAndWhite);
  EXPECT_THAT(pixels(with_palette(16, "OB", "\x12\xFF")), kBlackAndWhite);
  EXPECT_THAT(pixels(with_palette(16, "UN", little16({0x1234, 0xFFFF}))), kBlackAndWhite);
}

TEST(DicomFunctionalGroups, VoiTablesInThemAreRead) {
  const Dataset table = Dataset().us(0x00283002, {4, 0, 8}).words(0x00283006, {255, 100, 50, 0});
  const Dataset group = Dataset().sequence(0x00289132, {Dataset().sequence(0x00283010, {table})});
  const Dataset dataset = ramp().text(0x00281050, "DS", "1000");
  for (const std::uint32_t sequence : {0x52009229U, 0x52009230U}) {
    EXPECT_THAT(pixels(Dataset(dataset).sequence(sequence, {group})), ElementsAre(255, 100, 50, 0));
  }
}

TEST(DicomBits, ValuesBeyondBitsStoredAreRead) {
  const Dataset ten = ramp().us(0x00280101, {10}).us(0x00280102, {9});
  const image::Image beyond = image_of(Dataset(ten).words(kPixels, {0, 1, 2, 1027}));
  EXPECT_THAT(beyond.samples, kRampShades);
  EXPECT_THAT(beyond.warnings, ElementsAre(StartsWith("beyond_bits_stored: ")));
  // Overlays in those bits are no values.
  const image::Image overlay = image_of(Dataset(ten).words(kPixels, {0, 1, 2, 1027}).us(0x60020102, {10}));
  EXPECT_THAT(overlay.warnings, IsEmpty());
  EXPECT_THAT(overlay.samples, kRampShades);
  // A sign that is extended is none, and neither is one that is not.
  const Dataset is_signed = Dataset(ten).us(0x00280103, {1}).text(0x00281050, "DS", "1");
  EXPECT_THAT(image_of(Dataset(is_signed).words(kPixels, {0xFFFF, 0x03FF, 1, 2})).warnings, IsEmpty());
  EXPECT_THAT(image_of(Dataset(is_signed).words(kPixels, {0xFDFF, 0, 1, 2})).warnings,
              ElementsAre(StartsWith("beyond_bits_stored: ")));
}

TEST(DicomBits, ColoursBeyondBitsStoredAreReadToo) {
  const Dataset eight = picture("RGB", 1, 1, 16, 3).us(0x00280006, {0}).us(0x00280101, {8}).us(0x00280102, {7});
  const image::Image beyond = image_of(Dataset(eight).words(kPixels, {0x1234, 0xFF00, 0x00FF}));
  EXPECT_THAT(beyond.samples, ElementsAre(0x12, 0xFF, 0x00));
  EXPECT_THAT(beyond.warnings, ElementsAre(StartsWith("beyond_bits_stored: ")));
  const image::Image within = image_of(Dataset(eight).words(kPixels, {1, 2, 255}));
  EXPECT_THAT(within.samples, ElementsAre(1, 2, 255));
  EXPECT_THAT(within.warnings, IsEmpty());
}

TEST(DicomGrey, EightBitsWithoutAWindowAreShownAsStored) {
  Dataset dataset = picture("MONOCHROME2", 1, 4, 8).put(kPixels, "OB", "\x10\x20\x30\x40");
  EXPECT_THAT(pixels(dataset), ElementsAre(0x10, 0x20, 0x30, 0x40));
  EXPECT_THAT(pixels(Dataset(dataset).text(0x00281053, "DS", "2").text(0x00281052, "DS", "-5")),
              ElementsAre(0x10, 0x20, 0x30, 0x40));
  EXPECT_THAT(pixels(Dataset(dataset).text(0x00281053, "DS", "-2")), ElementsAre(0xEF, 0xDF, 0xCF, 0xBF));
  EXPECT_THAT(pixels(Dataset(dataset).text(0x00280004, "CS", "MONOCHROME1")), ElementsAre(0xEF, 0xDF, 0xCF, 0xBF));
  Options options;
  options.fallback = parse_intensity("percentile:0,100");
  EXPECT_THAT(pixels(dataset, options), ElementsAre(0, 85, 170, 255));
  // Signed values have no such meaning.
  EXPECT_THAT(pixels(Dataset(dataset).us(0x00280103, {1})), ElementsAre(0, 84, 171, 255));
}

TEST(DicomGrey, TheToolkitKnowsNoWindowsAndCutsAfterInverting) {
  Dataset dataset = picture("MONOCHROME2", 1, 4, 16).words(kPixels, {0, 1, 2, 4});
  dataset.text(0x00281050, "DS", "1").text(0x00281051, "DS", "2");
  Options options;
  options.ignore_voi = true;
  options.fallback = {parse_intensity("minmax"), true};
  EXPECT_THAT(pixels(dataset, options), ElementsAre(0, 63, 127, 255));
  EXPECT_THAT(pixels(dataset.text(0x00280004, "CS", "MONOCHROME1"), options), ElementsAre(255, 191, 127, 0));
}

Dataset many(const std::vector<std::uint16_t>& values) {
  Dataset dataset = picture("MONOCHROME2", 16, 16, 16);
  std::vector<std::uint16_t> all(256, values.front());
  for (std::size_t i = 1; i < values.size(); ++i) all[i * 3] = values[i];
  return dataset.words(kPixels, all);
}

TEST(DicomWarnings, GreyLevelsThatShowNothingAreNamed) {
  EXPECT_THAT(image_of(many({7})).warnings, ElementsAre(StartsWith("one_value: ")));
  EXPECT_THAT(image_of(many({7, 9})).warnings, ElementsAre(StartsWith("range_collapsed: ")));
  EXPECT_THAT(image_of(many({7, 9}).us(0x00280120, {7})).warnings,
              ElementsAre(StartsWith("padding_dominates: "), StartsWith("range_collapsed: ")));
  EXPECT_THAT(image_of(many({7, 9}).text(0x00281050, "DS", "8").text(0x00281051, "DS", "4")).warnings, IsEmpty());
}

TEST(DicomPixels, MoreThanTheFramesTakeIsAWarning) {
  EXPECT_THAT(image_of(ramp().words(kPixels, {0, 1, 2, 3, 0, 1, 2, 3})).warnings,
              ElementsAre(StartsWith("more_pixels: ")));
  EXPECT_THAT(image_of(ramp().words(kPixels, {0, 1, 2, 3, 0})).warnings, IsEmpty());
}

}  // namespace
}  // namespace mi2::dicom::testing
