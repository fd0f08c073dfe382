// Reading of elements: what is not used cannot matter, what is used is believed only as far as bytes go.

#include "dicom/elements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "builder.hpp"
#include "dicom/attributes.hpp"

namespace mi2::dicom::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t kUndefined = 0xFFFFFFFF;
constexpr std::uint32_t kHuge = 0xFFFFFFF0;
constexpr std::uint32_t kItem = 0xFFFEE000;
constexpr std::uint32_t kItemEnd = 0xFFFEE00D;
constexpr std::uint32_t kSequenceEnd = 0xFFFEE0DD;
constexpr std::uint32_t kPrivate = 0x00091001;
constexpr std::uint32_t kDocument = 0x00420011;
constexpr std::uint32_t kCodes = 0x00082218;
constexpr Encoding kExplicit{true, false};
constexpr Encoding kImplicit{false, false};

std::string tag_bytes(std::uint32_t tag) {
  return little16({static_cast<std::uint16_t>(tag >> 16), static_cast<std::uint16_t>(tag & 0xFFFF)});
}

/// The head of an element in implicit VR, of an item or a delimiter.
std::string head(std::uint32_t tag, std::uint32_t length) { return tag_bytes(tag) + little32(length); }

/// The head of an element in explicit VR whose length takes 4 bytes.
std::string head(std::uint32_t tag, std::string_view vr, std::uint32_t length) {
  return tag_bytes(tag) + std::string(vr) + little16({0}) + little32(length);
}

/// A whole element in implicit VR.
std::string whole(std::uint32_t tag, const std::string& value) {
  return head(tag, static_cast<std::uint32_t>(value.size())) + value;
}
std::string whole(std::uint32_t tag, std::string_view vr, const std::string& value) {
  return head(tag, vr, static_cast<std::uint32_t>(value.size())) + value;
}

/// The pixels of the ramp with these bytes before its group 0028.
std::vector<std::uint8_t> after(const std::string& bytes) {
  const Dataset start = Dataset().text(0x00080016, "UI", "1.2");
  const std::string dataset = start.body() + bytes + ramp().remove(0x00080016).body();
  return decode(to_bytes(dataset), {}, "test").samples;
}

std::string implicit_ramp() {
  std::string out =
      whole(0x00280002, little16({1})) + whole(0x00280004, "MONOCHROME2 ") + whole(0x00280010, little16({1}));
  out += whole(0x00280011, little16({4})) + whole(0x00280100, little16({16})) + whole(0x00280101, little16({16}));
  out += whole(0x00280102, little16({15})) + whole(0x00280103, little16({0})) + whole(0x00281050, "2 ");
  return out + whole(0x00281051, "4 ") + whole(kPixels, little16({0, 1, 2, 3}));
}

std::vector<std::uint8_t> after_implicit(const std::string& bytes) {
  const std::string dataset = whole(0x00080016, "1.2 ") + bytes + implicit_ramp();
  return decode(to_bytes(dataset), {}, "test").samples;
}

std::string message_of(const std::string& dataset, Encoding encoding) {
  const std::vector<std::byte> bytes = to_bytes(dataset);
  try {
    static_cast<void>(parse(bytes, encoding, "test"));
  } catch (const Error& error) {
    EXPECT_THAT(error.code(), ::testing::AnyOf(Code::kBadFile, Code::kTooLarge));
    return error.what();
  }
  return "no error";
}

const auto kRamp = ElementsAre(0, 85, 170, 255);

TEST(DicomElements, PrivateValuesAreNotLookedInto) {
  EXPECT_THAT(after_implicit(whole(kPrivate, head(kItem, kHuge) + "abcd")), kRamp);
  EXPECT_THAT(after_implicit(whole(kPrivate, head(kItem, 4) + "ab")), kRamp);
  EXPECT_THAT(after_implicit(whole(kPrivate, head(kSequenceEnd, 0) + head(kDocument, kHuge))), kRamp);
  EXPECT_THAT(after(whole(kPrivate, "SQ", head(kItem, kHuge) + "abcd")), kRamp);
  EXPECT_THAT(after(whole(kPrivate, "UN", head(kItem, kUndefined) + head(kDocument, kHuge))), kRamp);
}

TEST(DicomElements, SequencesThatAreNotUsedMayHaveWrongLengthsInside) {
  const std::string element = whole(kDocument, "OB", "abcd");
  for (const std::uint32_t length : {0U, 2U, 12U, 20U, 24U, kHuge}) {
    EXPECT_THAT(after(whole(kCodes, "SQ", head(kItem, length) + element)), kRamp) << length;
  }
  for (int depth = 0; depth < 100; ++depth) {
    std::string nested;
    for (int i = 0; i < depth; ++i) nested = whole(kCodes, "SQ", head(kItem, kUndefined) + nested);
    EXPECT_THAT(after(nested), kRamp);
  }
}

TEST(DicomElements, UnknownValuesWithoutALengthAreReadInEitherVr) {
  const std::string end = head(kItemEnd, 0) + head(kSequenceEnd, 0);
  const std::string open = head(kPrivate, "UN", kUndefined) + head(kItem, kUndefined);
  EXPECT_THAT(after(open + whole(kDocument, "abcd") + end), kRamp);
  EXPECT_THAT(after(open + whole(kDocument, "OB", "abcd") + end), kRamp);
  EXPECT_THAT(after(open + head(kCodes, "SQ", kUndefined) + head(kItem, kUndefined) + whole(kDocument, "OB", "abcd") +
                    end + end),
              kRamp);
  EXPECT_THAT(
      after(head(kPrivate, "UN", kUndefined) + head(kItem, 12) + whole(kDocument, "abcd") + head(kSequenceEnd, 0)),
      kRamp);
  EXPECT_THAT(after(head(kPrivate, "UN", kUndefined) + "no items at all." + head(kSequenceEnd, 0)), kRamp);
  EXPECT_THAT(after(head(kPrivate, "OB", kUndefined) + head(kItem, 4) + "abcd" + head(kSequenceEnd, 0)), kRamp);
}

TEST(DicomElements, StrayDelimitersArePassedOver) {
  const std::string empty = head(kCodes, "SQ", 0);
  EXPECT_THAT(after(empty + head(kSequenceEnd, 0)), kRamp);
  EXPECT_THAT(after(head(kItemEnd, 0) + empty), kRamp);
  EXPECT_THAT(after(head(kSequenceEnd, 0) + head(kSequenceEnd, 0)), kRamp);
  const std::string inside = head(kItem, kUndefined) + empty + head(kSequenceEnd, 0) + head(kItemEnd, 0);
  EXPECT_THAT(after(head(kPrivate, "SQ", kUndefined) + inside + head(kSequenceEnd, 0)), kRamp);
  // The item's own is missing.
  EXPECT_THAT(after(head(kPrivate, "SQ", kUndefined) + head(kItem, kUndefined) + whole(kDocument, "OB", "ab") +
                    head(kSequenceEnd, 0)),
              kRamp);
}

TEST(DicomElements, WhatFollowsThePixelsIsNotRead) {
  const std::string body = ramp().body();
  for (const std::string& tail :
       {std::string("\0", 1), std::string("\0\0", 2), std::string(7, '\xFF'), std::string(512, '\0'),
        head(kDocument, "OB", kHuge), std::string("trailing garbage of some length"), head(kSequenceEnd, 0),
        ramp().remove(0x00080016).body()}) {
    EXPECT_THAT(decode(to_bytes(body + tail), {}, "test").samples, kRamp);
  }
}

TEST(DicomElements, AttributesAfterThePixelsCountIfTheirOrderIsWrong) {
  const std::string pixels = Dataset().words(kPixels, {0, 1, 2, 3}).body();
  EXPECT_THAT(decode(to_bytes(Dataset().text(0x00080016, "UI", "1.2").body() + pixels +
                              ramp().remove(kPixels).remove(0x00080016).body()),
                     {}, "test")
                  .samples,
              kRamp);
}

TEST(DicomElements, VrsThatDicomDoesNotKnowArePassedOver) {
  EXPECT_THAT(after(whole(kPrivate, "ZZ", std::string(300, '\xFF'))), kRamp);
  EXPECT_THAT(after(tag_bytes(kPrivate) + "??" + little16({4}) + "abcd"), kRamp);
  EXPECT_THAT(after(tag_bytes(kPrivate) + "px" + little16({4}) + "abcd"), kRamp);
  // An element in implicit VR among the others.
  EXPECT_THAT(after(whole(kPrivate, "abcd")), kRamp);
}

TEST(DicomElements, AnElementThatSaysMoreThanIsLeftIsRefused) {
  EXPECT_THAT(message_of(head(kDocument, "OB", kHuge), kExplicit),
              HasSubstr("element (0042,0011) says 4294967280 bytes, 0 are left"));
  EXPECT_THAT(message_of(head(0x00280010, kHuge), kImplicit), HasSubstr("element (0028,0010) says"));
  EXPECT_THAT(message_of(head(kPrivate, "UN", kUndefined) + "no items and no end", kExplicit),
              HasSubstr("has neither a length nor an end"));
}

TEST(DicomElements, DeepNestingIsRefusedWhereItIsFollowed) {
  std::string open;
  for (int i = 0; i < 100; ++i) open += head(kCodes, "SQ", kUndefined) + head(kItem, kUndefined);
  EXPECT_THAT(message_of(open, kExplicit), HasSubstr("nest deeper than 64"));
  Dataset inner;
  for (int i = 0; i < 100; ++i) inner = Dataset().sequence(0x00283010, {inner});
  EXPECT_THAT(message_of(inner.body(), kExplicit), HasSubstr("nest deeper than 64"));
}

TEST(DicomElements, TinyItemsThatBecomeGigabytesAreRefused) {
  constexpr std::uint32_t kMany = 1U << 21U;
  std::string items;
  for (const std::string item = head(kItem, 0); items.size() < std::size_t{kMany} * item.size();) items += item;
  EXPECT_THAT(message_of(head(0x00283010, "SQ", kUndefined) + items + head(kSequenceEnd, 0), kExplicit),
              HasSubstr("more than 2097152 elements and items"));
  // Nothing is kept of what is not used.
  EXPECT_EQ(message_of(head(kCodes, "SQ", kUndefined) + items + head(kSequenceEnd, 0), kExplicit), "no error");
}

TEST(DicomElements, ASecondElementOfATagIsAWarning) {
  const std::string twice = ramp().remove(kPixels).body() + Dataset().text(0x00281050, "DS", "7").body();
  const std::vector<std::byte> bytes = to_bytes(twice);
  const Parsed parsed = parse(bytes, kExplicit, "test");
  EXPECT_THAT(parsed.warnings, ElementsAre("damaged: element (0028,1050) is there twice; the first is taken"));
  EXPECT_EQ(number(parsed.item, tags::kWindowCenter), 2);
}

TEST(DicomElements, WrongLengthsInASequenceThatIsUsedAreAWarning) {
  const Dataset item = Dataset().us(0x00283002, {4, 0, 8}).words(0x00283006, {255, 100, 50, 0});
  for (const int wrong : {-10, -2, 4, 1000}) {
    const std::string body = item.body();
    const std::string value = head(kItem, static_cast<std::uint32_t>(static_cast<int>(body.size()) + wrong)) + body;
    Dataset dataset = ramp().remove(0x00281050).remove(0x00281051).put(0x00283010, "SQ", value);
    const image::Image image = decode(dataset.file(), {}, "test");
    EXPECT_THAT(image.samples, ElementsAre(255, 100, 50, 0)) << wrong;
    EXPECT_EQ(image.warnings.size(), 1U) << wrong;
  }
}

TEST(DicomElements, ThereIsNoImplicitBigEndian) {
  const std::string big = std::string("\0\x08\0\x16\0\0\0\x04", 8) + std::string("1.2\0", 4);
  EXPECT_FALSE(guess_encoding(to_bytes(big)).has_value());
  EXPECT_TRUE(guess_encoding(to_bytes(head(0x00080016, 4) + std::string("1.2\0", 4))).has_value());
}

TEST(DicomElements, CleanObjectsHaveNoWarnings) { EXPECT_THAT(decode(ramp().file(), {}, "test").warnings, IsEmpty()); }

}  // namespace
}  // namespace mi2::dicom::testing
