// Copies with parts of their pixels black, and which parts those are.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "builder.hpp"
#include "dicom/attributes.hpp"
#include "dicom/dataset.hpp"
#include "dicom/frame.hpp"
#include "dicom/results/anonymise.hpp"
#include "dicom/results/copied_values.hpp"
#include "support/expect_error.hpp"

namespace mi2::dicom::results {
namespace {

using dicom::testing::Dataset;
using mi2::test::expect_error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kMostPixels = 1000;

/// A picture of 2 x 2 pixels, of somebody.
Dataset object(std::string_view photometric, std::uint16_t bits, std::uint16_t samples = 1) {
  Dataset data = dicom::testing::picture(photometric, 2, 2, bits, samples);
  data.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2").text(0x00080018, "UI", "1.2.3.9");
  data.text(0x00080060, "CS", "CT").text(0x0020000D, "UI", "1.2.3").text(0x0020000E, "UI", "1.2.4");
  return data.text(0x00100010, "PN", "Head^Ida").text(0x00100020, "LO", "ZX-99417");
}

AnonymiseOptions options(const std::string& mask = "0,0,1,2") {
  AnonymiseOptions options;
  options.key = std::string(32, 'k');
  options.version = "0";
  if (!mask.empty()) options.masks = {parse_mask(mask)};
  return options;
}

std::vector<std::byte> copy_of(const Dataset& data, const AnonymiseOptions& how = options()) {
  const std::vector<std::byte> file = data.file();
  const Anonymous copy = anonymise(file, how, kMostPixels, "test");
  EXPECT_EQ(copy.refused, "");
  std::vector<std::byte> bytes;
  for (const Bytes part : copy.parts()) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

std::string refused(const Dataset& data, const AnonymiseOptions& how = options()) {
  const std::vector<std::byte> file = data.file();
  return std::string(anonymise(file, how, kMostPixels, "test").refused);
}

std::string value_of(const std::vector<std::byte>& file, Tag tag) {
  return text(load_object(file, kMostPixels, "copy").data, tag);
}

/// The stored values of all frames of a copy.
std::vector<double> values_of(const std::vector<std::byte>& file) {
  const Object object = load_object(file, kMostPixels, "copy");
  const FrameReader reader(object, kMostPixels, "copy");
  reader.check("copy");
  std::vector<double> values;
  for (std::uint64_t i = 0; i < reader.frames(); ++i) {
    image::Warnings warnings;
    const Frame frame = reader.read(i, "copy", warnings);
    EXPECT_THAT(warnings, ::testing::IsEmpty());
    for (std::size_t j = 0; j < frame.layout.pixels() * frame.layout.samples; ++j) values.push_back(frame.value(j));
  }
  return values;
}

Dataset grey(std::string_view photometric, const std::vector<std::uint16_t>& values) {
  return object(photometric, 16).words(testing::kPixels, values);
}

TEST(Masked, BlackIsWhatItIsInThePicturesColours) {
  EXPECT_THAT(values_of(copy_of(grey("MONOCHROME2", {9, 8, 7, 6}))), ElementsAre(0, 8, 0, 6));
  EXPECT_THAT(values_of(copy_of(grey("MONOCHROME1", {9, 8, 7, 6}).us(0x00280101, {12}).us(0x00280102, {11}))),
              ElementsAre(4095, 8, 4095, 6));
  // A falling modality LUT turns it over.
  EXPECT_THAT(values_of(copy_of(grey("MONOCHROME2", {9, 8, 7, 6}).text(0x00281053, "DS", "-1"))),
              ElementsAre(65535, 8, 65535, 6));
  EXPECT_THAT(values_of(copy_of(object("RGB", 8, 3).put(testing::kPixels, "OB", "abcdefghijkl"))),
              ElementsAre(0, 0, 0, 'd', 'e', 'f', 0, 0, 0, 'j', 'k', 'l'));
  const Dataset planar = object("RGB", 8, 3).us(0x00280006, {1}).put(testing::kPixels, "OB", "rRsSgGhHbBcC");
  EXPECT_THAT(values_of(copy_of(planar)), ElementsAre(0, 'R', 0, 'S', 0, 'G', 0, 'H', 0, 'B', 0, 'C'));
  EXPECT_THAT(values_of(copy_of(object("YBR_FULL", 8, 3).put(testing::kPixels, "OB", "abcdefghijkl"))),
              ElementsAre(0, 128, 128, 'd', 'e', 'f', 0, 128, 128, 'j', 'k', 'l'));
}

TEST(Masked, OfSignedAndFloatingGreyTheDarkestOfTheObjectIsBlack) {
  const Dataset data = grey("MONOCHROME2", {9, 0xFFFB, 7, 6}).us(0x00280103, {1});
  EXPECT_THAT(values_of(copy_of(data)), ElementsAre(-5, -5, -5, 6));
  EXPECT_THAT(values_of(copy_of(grey("MONOCHROME1", {9, 0xFFFB, 7, 6}).us(0x00280103, {1}))), ElementsAre(9, -5, 9, 6));
  Dataset floating = object("MONOCHROME2", 32).remove(testing::kPixels);
  std::string bytes;
  for (const std::uint32_t value : {0x40000000U, 0xC0000000U, 0x7F800000U, 0x3F800000U}) {  // 2, -2, infinite, 1
    bytes += testing::little32(value);
  }
  floating.put(tags::kFloatPixels, "OF", bytes);
  EXPECT_THAT(values_of(copy_of(floating)), ElementsAre(-2, -2, -2, 1));
}

TEST(Masked, OfAPaletteTheDarkestColourIsBlack) {
  Dataset data = object("PALETTE COLOR", 8).put(testing::kPixels, "OB", std::string("\1\2\1\2", 4));
  for (Tag c = 0; c < 3; ++c) {
    data.us(0x00281101 + c, {3, 1, 16}).words(0x00281201 + c, {0xFFFF, 0x8000, 0x1000});
  }
  EXPECT_THAT(values_of(copy_of(data)), ElementsAre(3, 2, 3, 2));
}

TEST(Masked, EveryFrameIsMasked) {
  Dataset data = grey("MONOCHROME2", {1, 2, 3, 4, 5, 6, 7, 8}).text(0x00280008, "IS", "2");
  EXPECT_THAT(values_of(copy_of(data)), ElementsAre(0, 2, 0, 4, 0, 6, 0, 8));
  // Frames of bits do not begin at bytes; in the copy a bit takes one.
  data = object("MONOCHROME2", 1).us(0x00280101, {1}).us(0x00280102, {0}).text(0x00280008, "IS", "2");
  EXPECT_THAT(values_of(copy_of(data.put(testing::kPixels, "OB", "\xFF"))), ElementsAre(0, 1, 0, 1, 0, 1, 0, 1));
}

TEST(Masked, SharedChrominancesAreNoLongerShared) {
  const std::vector<std::byte> copy = copy_of(object("YBR_FULL_422", 8, 3).put(testing::kPixels, "OB", "abcdefgh"));
  EXPECT_EQ(value_of(copy, tags::kPhotometric), "YBR_FULL");
  EXPECT_THAT(values_of(copy), ElementsAre(0, 128, 128, 'b', 'c', 'd', 0, 128, 128, 'f', 'g', 'h'));
}

TEST(Masked, PercentagesAreWholePixelsAndStayInThePicture) {
  const auto boxes = [](const std::string& mask) { return boxes_of({parse_mask(mask)}, {}, 10, 30); };
  EXPECT_THAT(boxes("10%,10%,20%,20%").boxes, ElementsAre(Box{3, 1, 9, 3}));
  EXPECT_THAT(boxes("1%,1%,1%,1%").boxes, ElementsAre(Box{0, 0, 1, 1}));
  EXPECT_THAT(boxes("20,5,65535,65535").boxes, ElementsAre(Box{20, 5, 30, 10}));
  EXPECT_TRUE(boxes("30,0,1,1").outside);
  EXPECT_EQ(refused(grey("MONOCHROME2", {1, 2, 3, 4}), options("2,0,1,1")), "a mask outside of the picture");
}

TEST(Masked, WhatIsNoRectangleIsRefused) {
  for (const char* bad : {"", "1,2,3", "1,2,3,4,5", "0,0,0,1", "0,0,1,0", "-1,0,1,1", "0,0,1.5,1", "0%,0,1,1",
                          "0%,0%,101%,1%", "0,0,65536,1", "0, 0,1,1", "nan,0,1,1", "0%,0%,1.2.3%,1%", "%,%,%,%"}) {
    expect_error(Code::kBadArgument, {"X,Y,WIDTH,HEIGHT"}, [&] { static_cast<void>(parse_mask(bad)); });
  }
}

TEST(Masked, ATableSaysOfWhichObjectsALineIs) {
  const std::vector<Mask> masks = parse_masks(
      "Modality,station,rows,x,y,width,height\nUS,,,0,0,1,1\nct,ROOM 1,2,0,0,1,2\nCT,room 2,,0%,0%,100%,100%\n", "t");
  Dataset data = grey("MONOCHROME2", {9, 8, 7, 6}).text(0x00081010, "SH", "Room 1");
  AnonymiseOptions how = options("");
  how.masks = masks;
  EXPECT_THAT(values_of(copy_of(data, how)), ElementsAre(0, 8, 0, 6));
  EXPECT_THAT(values_of(copy_of(data.text(0x00081010, "SH", "Room 2"), how)), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(values_of(copy_of(data.text(0x00081010, "SH", "Room 3"), how)), ElementsAre(9, 8, 7, 6));
  for (const char* bad : {"x,y,width\n0,0,1\n", "x,y,width,height,statoin\n0,0,1,1,A\n", "x,y,width,height\n",
                          "x,y,width,height,rows\n0,0,1,1,many\n", "x,y,width,height\n0,0,1,x\n"}) {
    expect_error(Code::kBadFile, {"t"}, [&] { static_cast<void>(parse_masks(bad, "t")); });
  }
  std::string many = "x,y,width,height\n";
  for (std::size_t i = 0; i <= kMostMasks; ++i) many += "0,0,1,1\n";
  expect_error(Code::kTooLarge, {"t"}, [&] { static_cast<void>(parse_masks(many, "t")); });
}

TEST(Masked, ACopySaysWhatWasMaskedAndOnlyOnRequestThatNothingIsLeft) {
  const Dataset data = grey("MONOCHROME2", {9, 8, 7, 6}).text(0x00280301, "CS", "YES").us(0x00280107, {9});
  AnonymiseOptions how = options();
  EXPECT_EQ(refused(data, how), "burned-in annotation");
  how.burned_in = BurnedIn::kMask;
  std::vector<std::byte> copy = copy_of(data, how);
  EXPECT_THAT(text_of(copy), HasSubstr("black from 0,0: 1 x 2 pixels"));
  EXPECT_THAT(text_of(copy), HasSubstr(std::string("\x28\0\x01\x03"
                                                   "CS\4\0YES",
                                                   11)));
  EXPECT_THAT(text_of(copy), Not(HasSubstr("113101")));
  how.nothing_burned_in = true;
  copy = copy_of(data, how);
  EXPECT_THAT(text_of(copy), HasSubstr(std::string("\x28\0\x01\x03"
                                                   "CS\2\0NO",
                                                   10)));
  EXPECT_THAT(text_of(copy), HasSubstr("113101"));
  EXPECT_THAT(text_of(copy), Not(HasSubstr(std::string("\x28\0\x07\x01", 4))))
      << "the largest value may be the writing's";
  how.masks.clear();
  EXPECT_EQ(refused(data, how), "burned-in annotation");
}

TEST(Masked, WhatIsAllOverThePictureIsRefusedWithAMaskToo) {
  AnonymiseOptions how = options();
  how.burned_in = BurnedIn::kMask;
  const Dataset data = grey("MONOCHROME2", {9, 8, 7, 6});
  EXPECT_EQ(refused(Dataset(data).text(0x00280302, "CS", "YES"), how), "recognizable visual features");
  EXPECT_EQ(refused(Dataset(data).us(0x60020102, {12}), how), "overlay in the pixels");
  EXPECT_EQ(refused(Dataset(data).text(0x00080060, "CS", "US"), how), "");
  EXPECT_EQ(refused(object("ARGB", 8, 3).put(testing::kPixels, "OB", "abcdefghijkl"), how), "colours without a black");
}

TEST(Descriptors, OnlyWordsOfTheListStay) {
  Dataset data = grey("MONOCHROME2", {9, 8, 7, 6}).text(0x00081030, "LO", "CT Thorax, Dr. Quendelmoor 3.4.1952");
  data.text(0x0008103E, "LO", "t2_TSE_sag Head 99417 p2")
      .text(0x00181030, "LO",
            "Sch\xE4"
            "del");
  EXPECT_THAT(text_of(copy_of(data)), Not(HasSubstr("THORAX")));
  AnonymiseOptions how = options("");
  how.clean_descriptors = true;
  const std::string copy = text_of(copy_of(data, how));
  EXPECT_THAT(copy, HasSubstr(std::string("\x08\0\x30\x10LO\x0C\0CT THORAX DR", 20)));
  EXPECT_THAT(copy, HasSubstr(std::string("\x08\0\x3E\x10LO\x0A\0T2 TSE SAG", 18))) << "the patient is called Head";
  EXPECT_THAT(copy, HasSubstr("113105"));
  for (const char* planted : {"Quendel", "1952", "99417", "p2", "del"}) EXPECT_THAT(copy, Not(HasSubstr(planted)));
  EXPECT_THAT(copy, Not(HasSubstr(std::string("\x18\0\x30\x10", 4))));
}

TEST(Descriptors, NamesOfTwoLettersAreNamesToo) {
  Dataset data = grey("MONOCHROME2", {9, 8, 7, 6}).text(0x00100010, "PN", "Pa^Arm");
  data.text(0x0008103E, "LO", "Pa Chest of Arm");
  AnonymiseOptions how = options("");
  how.clean_descriptors = true;
  EXPECT_THAT(text_of(copy_of(data, how)), HasSubstr(std::string("\x08\0\x3E\x10LO\x08\0CHEST OF", 16)));
}

}  // namespace
}  // namespace mi2::dicom::results
