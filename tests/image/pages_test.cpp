// The pages of a TIFF as the frames of a source.

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "image/source.hpp"
#include "support/expect_error.hpp"
#include "support/middle_frame.hpp"

namespace mi2::image {
namespace {

using ::testing::ElementsAre;

/// A page of one grey pixel. `kind`: NewSubfileType; 1 is a reduced copy, 4 a mask.
struct Page {
  std::uint8_t grey = 0;
  std::uint32_t kind = 0;
};

/// A little-endian TIFF whose pages lie one after the other; the last one's successor is `end`.
std::vector<std::byte> tiff(const std::vector<Page>& pages, std::uint32_t end = 0) {
  std::string out;
  const auto put = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
  };
  out = "II";
  put(42, 2);
  put(8, 4);
  for (std::size_t p = 0; p < pages.size(); ++p) {
    struct Entry {
      std::uint32_t tag, type, value;
    };
    constexpr std::uint32_t kShort = 3;
    constexpr std::uint32_t kLong = 4;
    constexpr std::uint32_t kEntries = 9;
    const auto pixel = static_cast<std::uint32_t>(out.size()) + 2 + kEntries * 12 + 4;
    put(kEntries, 2);
    for (const Entry& e : {Entry{254, kLong, pages[p].kind}, Entry{256, kLong, 1}, Entry{257, kLong, 1},
                           Entry{258, kShort, 8}, Entry{259, kShort, 1}, Entry{262, kShort, 1},
                           Entry{273, kLong, pixel}, Entry{278, kLong, 1}, Entry{279, kLong, 1}}) {
      put(e.tag, 2);
      put(e.type, 2);
      put(1, 4);
      put(e.value, 4);
    }
    put(p + 1 < pages.size() ? pixel + 2 : end, 4);
    put(pages[p].grey, 2);  // and a byte of padding
  }
  const auto bytes = std::as_bytes(std::span(out));
  return {bytes.begin(), bytes.end()};
}

TEST(TiffPages, EachIsReadInAnyOrderAndTheFirstRepresentsTheFile) {
  const std::vector<std::byte> file = tiff({{10}, {20}, {30}});
  const auto source = open(file, {}, "a.tif");
  EXPECT_EQ(source->middle(), 0U);
  ASSERT_EQ(source->frames(), 3U);
  EXPECT_THAT(source->read(2).samples, ElementsAre(30));
  EXPECT_THAT(source->read(0).samples, ElementsAre(10));
  EXPECT_THAT(source->read(1).samples, ElementsAre(20));
  EXPECT_THAT(test::middle_frame(open(file, {}, "a.tif")).samples, ElementsAre(10));
}

TEST(TiffPages, ReducedCopiesAndMasksAreNoPages) {
  const std::vector<std::byte> file = tiff({{10, 1}, {20, 1}, {30, 0}, {40, 4}});
  const auto source = open(file, {}, "a.tif");
  ASSERT_EQ(source->frames(), 2U) << "the first page counts whatever it is";
  EXPECT_THAT(source->read(1).samples, ElementsAre(30));
}

TEST(TiffPages, AChainThatBreaksIsOnePageMoreWhichCannotBeRead) {
  const std::vector<std::byte> file = tiff({{10}, {20}}, 7'000'000);
  const auto source = open(file, {}, "a.tif");
  EXPECT_THAT(source->read(0).samples, ElementsAre(10));
  EXPECT_EQ(source->frames(), 3U);
  EXPECT_THAT(source->read(1).samples, ElementsAre(20));
  test::expect_error(Code::kBadFile, {"a.tif", "after page 2"}, [&] { static_cast<void>(source->read(2)); });
  test::expect_error(Code::kBadArgument, {"got 4"}, [&] { static_cast<void>(source->read(3)); });
}

TEST(TiffPages, AChainThatLeadsBackBreaksThere) {
  const std::vector<std::byte> file = tiff({{10}, {20}}, 8);
  const auto source = open(file, {}, "a.tif");
  EXPECT_EQ(source->frames(), 3U);
  test::expect_error(Code::kBadFile, {"a.tif"}, [&] { static_cast<void>(source->read(2)); });
}

TEST(TiffPages, APagePastTheLastIsRefusedByItsNumber) {
  const std::vector<std::byte> file = tiff({{10}, {20}});
  test::expect_error(Code::kBadArgument, {"from 1 to 2", "got 3"},
                     [&] { static_cast<void>(open(file, {}, "a.tif")->read(2)); });
}

}  // namespace
}  // namespace mi2::image
