// Datasets in which DCMTK would find a length that the walk before it never saw, here 4 GiB, because the two read them
// differently. The walk must refuse each.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "builder.hpp"
#include "dicom/structure.hpp"

namespace mi2::dicom::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kUndefined = 0xFFFFFFFF;
constexpr std::uint32_t kHuge = 0xFFFFFFF0;
constexpr std::uint32_t kItem = 0xFFFEE000;
constexpr std::uint32_t kItemEnd = 0xFFFEE00D;
constexpr std::uint32_t kSequenceEnd = 0xFFFEE0DD;
constexpr std::uint32_t kSequence = 0x00082218;
constexpr std::uint32_t kDocument = 0x00420011;
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

std::string message_of(const std::string& dataset, Encoding encoding) {
  const std::vector<std::byte> bytes = to_bytes(dataset);
  try {
    check_structure(bytes, encoding, "test");
  } catch (const Error& error) {
    EXPECT_THAT(error.code(), ::testing::AnyOf(Code::kBadFile, Code::kTooLarge));
    return error.what();
  }
  return "no error";
}

std::string hidden() { return head(kDocument, "OB", kHuge); }
std::string hidden_implicit() { return head(kDocument, kHuge); }

constexpr const char* kDoNotEnd = "element (0008,2218) is a sequence whose items do not end where it does";

TEST(DicomStructure, NothingHidesBehindTheEndOfASequenceInAKnownLength) {
  const std::string inner = head(kSequenceEnd, 0) + hidden();
  EXPECT_THAT(message_of(head(kSequence, "SQ", static_cast<std::uint32_t>(inner.size())) + inner, kExplicit),
              HasSubstr(kDoNotEnd));
  const std::string implicit = head(kSequenceEnd, 0) + hidden_implicit();
  EXPECT_THAT(message_of(head(kSequence, static_cast<std::uint32_t>(implicit.size())) + implicit, kImplicit),
              HasSubstr(kDoNotEnd));
}

TEST(DicomStructure, NothingHidesBehindTheEndOfAnItemInAKnownLength) {
  const std::string rest = head(kItemEnd, 0) + head(kSequenceEnd, 0) + hidden();
  const std::string item = head(kItem, static_cast<std::uint32_t>(rest.size())) + rest;
  EXPECT_THAT(message_of(head(kSequence, "SQ", static_cast<std::uint32_t>(item.size())) + item, kExplicit),
              HasSubstr("an item of 28 bytes whose elements take 8"));
}

TEST(DicomStructure, NoElementReachesOverItsItemNorAnItemOverItsSequence) {
  const std::string element = head(kDocument, "OB", 4) + "abcd";
  EXPECT_THAT(message_of(head(kSequence, "SQ", 14) + head(kItem, 6) + element, kExplicit),
              HasSubstr("an item of 6 bytes whose elements take 16"));
  EXPECT_THAT(message_of(head(kSequence, "SQ", 8) + head(kItem, 16) + element, kExplicit), HasSubstr(kDoNotEnd));
  EXPECT_THAT(message_of(head(kSequence, 4) + head(kItem, 12) + head(kDocument, 4) + "abcd", kImplicit),
              HasSubstr(kDoNotEnd));
}

TEST(DicomStructure, LengthsInsideSequencesOfImplicitVrAreLookedAt) {
  EXPECT_THAT(message_of(head(kSequence, 16) + head(kItem, kUndefined) + hidden_implicit(), kImplicit),
              HasSubstr("element (0042,0011) says 4294967280 bytes, 0 are left"));
}

TEST(DicomStructure, PixelsOfAnUnknownVrAreNoFragments) {
  // Of undefined length it is a sequence in implicit VR: "abcd" is a tag, and the delimiter a length.
  const std::string pixels = head(kPixels, "OJ", kUndefined) + head(kItem, 4) + "abcd" + head(kSequenceEnd, 0);
  EXPECT_THAT(message_of(pixels, kExplicit), HasSubstr("element (6261,6463) says 3772645374 bytes, 4 are left"));
  for (const char* vr : {"OB", "OW", "OX"}) {
    const std::string known = head(kPixels, vr, kUndefined) + head(kItem, 4) + "abcd" + head(kSequenceEnd, 0);
    EXPECT_EQ(message_of(known, kExplicit), "no error") << vr;
  }
}

TEST(DicomStructure, OnlySequencesAndPixelsGoWithoutALength) {
  const std::string items = head(kItem, 0) + head(kSequenceEnd, 0);
  EXPECT_THAT(message_of(head(kDocument, "UT", kUndefined) + items, kExplicit),
              HasSubstr("element (0042,0011) has VR UT, which needs a length"));
  for (const char* vr : {"SQ", "UN", "OJ"}) {
    EXPECT_EQ(message_of(head(kDocument, vr, kUndefined) + items, kExplicit), "no error") << vr;
  }
}

TEST(DicomStructure, ItemsStandInSequencesOnly) {
  EXPECT_THAT(message_of(head(kItem, 0) + hidden(), kExplicit), HasSubstr("(FFFE,E000) is outside of a sequence"));
  // Not a delimiter: DCMTK reads a VR after it.
  EXPECT_THAT(message_of(head(0xFFFE1234, 12) + hidden(), kExplicit),
              HasSubstr("(FFFE,1234) is outside of a sequence"));
}

TEST(DicomStructure, SequencesAreReadWithTheirLengthsOrWithout) {
  const std::string element = head(kDocument, "OB", 4) + "abcd";
  const std::string open = head(kItem, kUndefined) + element + head(kItemEnd, 0);
  const std::string closed = head(kItem, 16) + element;
  EXPECT_EQ(message_of(head(kSequence, "SQ", kUndefined) + open + closed + head(kSequenceEnd, 0), kExplicit),
            "no error");
  EXPECT_EQ(message_of(head(kSequence, "SQ", 32 + 24) + open + closed, kExplicit), "no error");
  EXPECT_EQ(message_of(head(kSequence, "SQ", 24 + 8) + closed + head(kSequenceEnd, 0), kExplicit), "no error");
  EXPECT_EQ(message_of(head(kSequence, 20) + head(kItem, 12) + head(kDocument, 4) + "abcd", kImplicit), "no error");
  // Native pixels may look like an item.
  EXPECT_EQ(message_of(head(kPixels, 8) + head(kItem, kHuge), kImplicit), "no error");
}

/// Empty elements with the tags that `tag` gives for 0 to count - 1.
template <typename Tag>
std::string empty_elements(std::uint32_t count, Tag tag) {
  std::string out;
  for (std::uint32_t i = 0; i < count; ++i) out += head(tag(i), 0);
  return out;
}

TEST(DicomStructure, WhatTakesDcmtkHoursIsRefused) {
  constexpr std::uint32_t kMany = 20'000;
  const auto rising = [](std::uint32_t i) { return 0x00280000 + i; };
  const auto falling = [](std::uint32_t i) { return 0x00280000 + kMany - i; };
  EXPECT_EQ(message_of(empty_elements(kMany, rising), kImplicit), "no error");
  EXPECT_EQ(message_of(empty_elements(kMany / 20, falling), kImplicit), "no error");
  EXPECT_THAT(message_of(empty_elements(kMany, falling), kImplicit), HasSubstr("too many elements out of order"));
  // 200 private creators in each of 100 groups, and 200 elements of theirs.
  const auto private_ones = [](std::uint32_t i) {
    const std::uint32_t group = 0x0009 + i / 400 * 2;
    return group << 16 | (i % 400 < 200 ? 0x10 + i % 200 : 0x1000 + i % 200);
  };
  EXPECT_EQ(message_of(empty_elements(400, private_ones), kImplicit), "no error");
  EXPECT_THAT(message_of(empty_elements(2 * kMany, private_ones), kImplicit), HasSubstr("too many private ones"));
}

TEST(DicomStructure, TinyElementsThatBecomeGigabytesAreRefused) {
  constexpr std::uint32_t kMany = 1U << 21U;
  std::string items;
  for (const std::string item = head(kItem, 0); items.size() < std::size_t{kMany} * item.size();) items += item;
  const std::string open = head(kSequence, "SQ", kUndefined);
  const auto without_the_last = std::string_view(items).substr(8);
  EXPECT_EQ(message_of(open + std::string(without_the_last) + head(kSequenceEnd, 0), kExplicit), "no error");
  EXPECT_THAT(message_of(open + items, kExplicit), HasSubstr("more than 2097152 elements and items"));
  EXPECT_THAT(message_of(head(kPixels, "OB", kUndefined) + items, kExplicit), HasSubstr("more than 2097152 elements"));
}

TEST(DicomStructure, ThereIsNoImplicitBigEndian) {
  const std::string big = std::string("\0\x08\0\x16\0\0\0\x04", 8) + std::string("1.2\0", 4);
  EXPECT_FALSE(guess_encoding(to_bytes(big)).has_value());
  EXPECT_TRUE(guess_encoding(to_bytes(head(0x00080016, 4) + std::string("1.2\0", 4))).has_value());
}

}  // namespace
}  // namespace mi2::dicom::testing
