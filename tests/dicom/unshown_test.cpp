// What of encapsulated pixels is no picture.

#include "dicom/results/unshown.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "builder.hpp"

namespace mi2::dicom::results {
namespace {

using dicom::testing::little16;
using dicom::testing::little32;

constexpr std::uint64_t kPixels = 6;  // of a frame

std::string item(std::string_view bytes) {
  return little16({0xFFFE, 0xE000}) + little32(static_cast<std::uint32_t>(bytes.size())) + std::string(bytes);
}

Unshown found_in(const std::vector<std::byte>& value, std::uint64_t frames) {
  Element pixels;
  pixels.fragments = true;
  pixels.value = value;
  return find_unshown(pixels, frames, kPixels, "test");
}

/// The value with zeros in place of what is no picture; what it was refused for in place of it.
std::string blanked(std::string value, std::uint64_t frames = 1) {
  const Unshown found = found_in(dicom::testing::to_bytes(value), frames);
  if (!found.refused.empty()) return "refused: " + std::string(found.refused);
  for (const Part part : found.parts) value.replace(part.first, part.last - part.first, part.last - part.first, '\0');
  return value;
}

/// A stream in one fragment, behind an empty offset table.
std::string blanked_stream(std::string_view stream) {
  const std::string value = blanked(item("") + item(stream));
  return value.starts_with("refused") ? value : value.substr(16);
}

std::string marker(int code) { return {'\xFF', static_cast<char>(code)}; }

std::string segment(int code, const std::string& body) {
  const std::size_t length = body.size() + 2;
  return marker(code) + static_cast<char>(length >> 8) + static_cast<char>(length & 0xFF) + body;
}

std::string zeros(std::size_t count) { return std::string(count, '\0'); }

std::string jpeg(bool clean) {
  const auto said = [clean](std::string_view text) { return clean ? zeros(text.size()) : std::string(text); };
  const std::string jfif = std::string("JFIF\0", 5) + "123456789";
  return marker(0xD8) + segment(0xE0, jfif + said("small")) + segment(0xE1, said("Exif of Meier")) +
         segment(0xFE, said("Meier")) + segment(0xEE, "Adobe1234567" + said("Meier")) +
         segment(0xC0, std::string("\x08\0\x04\0\x04\x01\x01\x11\0", 9)) + said("junk") +
         segment(0xDA, std::string("\x01\x01\0\0\x3F\0", 6)) +
         std::string(
             "ab\xFF\0cd\xFF\xD1"
             "ef",
             10) +
         segment(0xFE, said("Meier")) + marker(0xD9) + said("Meier");
}

TEST(Unshown, CommentsOfJpegAndWhatIsBehindItsEnd) { EXPECT_EQ(blanked_stream(jpeg(false)), jpeg(true)); }

TEST(Unshown, WhereverAStreamIsDividedIntoFragments) {
  const std::string dirty = jpeg(false);
  const std::string clean = jpeg(true);
  for (std::size_t at = 4; at < dirty.size(); ++at) {
    EXPECT_EQ(blanked(item("") + item(dirty.substr(0, at)) + item(dirty.substr(at))),
              item("") + item(clean.substr(0, at)) + item(clean.substr(at)))
        << at;
  }
}

TEST(Unshown, FramesOneByOne) {
  EXPECT_EQ(blanked(item("") + item(jpeg(false)) + item(jpeg(false)), 2),
            item("") + item(jpeg(true)) + item(jpeg(true)));
  EXPECT_EQ(blanked(item("") + item(jpeg(false)) + item(jpeg(false)), 1),
            "refused: more pictures than the header says");
}

std::string jpeg2000(bool clean, bool with_length) {
  const auto said = [clean](std::string_view text) { return clean ? zeros(text.size()) : std::string(text); };
  const std::string tile =
      segment(0x64, std::string("\0\1", 2) + said("Meier")) + marker(0x93) + std::string("ab\xFF\x7Fzz", 6);
  const std::string length{0, 0, 0, static_cast<char>(with_length ? 12 + tile.size() : 0)};
  return marker(0x4F) + segment(0x51, "sizes") + segment(0x64, std::string("\0\1", 2) + said("by Meier")) +
         segment(0x90, zeros(2) + length + std::string("\0\1", 2)) + tile + marker(0xD9) + said("Meier");
}

TEST(Unshown, CommentsOfJpeg2000) {
  for (const bool with_length : {false, true}) {
    EXPECT_EQ(blanked_stream(jpeg2000(false, with_length)), jpeg2000(true, with_length));
  }
}

TEST(Unshown, WhatRleDoesNotUseInItsHeaderAndBehindItsPixels) {
  // Two segments of six bytes: a run of four and two literals, and six literals with a byte to pass over before them.
  const auto rle = [](bool clean) {
    const std::string said = clean ? zeros(5) : "Meier";
    return little32(2) + little32(66) + little32(77) + said + zeros(47) + said.substr(0, 2) +
           "\xFD"
           "a\x01"
           "bc" +
           said + said.substr(0, 1) +
           "\x80\x05"
           "defghi" +
           said;
  };
  EXPECT_EQ(blanked_stream(rle(false)), rle(true));
}

TEST(Unshown, WhatIsCutOrInAFileOfItsOwnIsRefused) {
  EXPECT_EQ(blanked_stream(jpeg(false).substr(0, 30)), "refused: pixels that are cut");
  EXPECT_EQ(blanked(item("") + item(jpeg(false)).substr(0, 60)), "refused: pixels that are cut");
  EXPECT_EQ(blanked(item("")), "refused: pixels that are cut");
  EXPECT_EQ(blanked_stream(std::string("\0\0\0\x0CjP  \r\n\x87\n", 12) + jpeg2000(false, false)),
            "refused: pixels in a file of their own");
}

TEST(Unshown, WhetherTheOffsetTableIsOne) {
  const auto fits = [](const std::string& table) {
    return found_in(dicom::testing::to_bytes(item(table) + item(jpeg(true)) + item(jpeg(true))), 2).table_fits;
  };
  const auto second = static_cast<std::uint32_t>(8 + jpeg(true).size());
  EXPECT_TRUE(fits(""));
  EXPECT_TRUE(fits(little32(0) + little32(second)));
  EXPECT_FALSE(fits(little32(0) + little32(second + 2)));
  EXPECT_FALSE(fits("Meier^Hans12"));
}

}  // namespace
}  // namespace mi2::dicom::results
