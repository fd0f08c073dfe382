// How the catalog packs identifiers, hashes, paths and times.

#include <string>

#include <gtest/gtest.h>

#include "archive/packed.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive {
namespace {

TEST(PackedUid, ComesBackAsItWasWhateverItIs) {
  for (const std::string uid :
       {"", "1", "1.2", "1.2.840.10008.1.2.1", ".", "..", "0.", "2.25.329800735698586629295641978511506172918",
        "no uid", "1.2 ", "\xEE", "1.2.a", "\xFF.1"}) {
    EXPECT_EQ(unpacked_uid(packed_uid(uid)), uid);
  }
  const std::string zero("1\0.2", 4);
  EXPECT_EQ(unpacked_uid(packed_uid(zero)), zero);
}

TEST(PackedUid, TakesHalfTheBytesAndIsOneForEach) {
  EXPECT_EQ(packed_uid("1.2.3"), "\x1A\x2A\x3F");
  EXPECT_EQ(packed_uid("1.23"), "\x1A\x23");
  EXPECT_NE(packed_uid("1.2"), packed_uid("1.2."));
  EXPECT_EQ(packed_uid(std::string(64, '7')).size(), 32U);
}

TEST(PackedUid, ThatNobodyPackedIsRefused) {
  for (const std::string bytes : {"\xCC", "\x1B", "\xF1", "\x1F\x22", "\xFF"}) {
    test::expect_error(Code::kBadFile, {"identifier"}, [&] { static_cast<void>(unpacked_uid(bytes)); });
  }
}

TEST(HexBytes, AreRefusedUnlessTheyAreHexadecimalDigits) {
  EXPECT_EQ(bytes_of_hex("00fFa1"), std::string("\0\xFF\xA1", 3));
  EXPECT_EQ(bytes_of_hex(""), "");
  for (const std::string digits : {"0", "0g", "zz", "00 1", "000"}) {
    test::expect_error(Code::kBadFile, {"hash"}, [&] { static_cast<void>(bytes_of_hex(digits)); });
  }
}

TEST(LocatorParts, AreTheWholeLocator) {
  for (const std::string locator :
       {"/a/b/c.dcm", "/c", "dimse:1.2", "", "dicomweb:http://x/studies/1/", "/a.zip/in/b"}) {
    const LocatorParts parts = parts_of(locator);
    EXPECT_EQ(std::string(parts.folder) + std::string(parts.name), locator);
    EXPECT_EQ(parts.name.find('/'), std::string::npos);
  }
  EXPECT_EQ(parts_of("/a/b/c.dcm").folder, "/a/b/");
}

TEST(StampNumber, FitsSixBytesAndChangesWithSizeAndTimes) {
  const Stamp stamp{526'000, 1'700'000'000'123'456'789, 1'700'000'000'123'456'790};
  EXPECT_EQ(number_of(Stamp{}), 0);
  for (const Stamp& other :
       {Stamp{526'001, stamp.mtime_ns, stamp.ctime_ns}, Stamp{526'000, stamp.mtime_ns + 1, stamp.ctime_ns},
        Stamp{526'000, stamp.mtime_ns, stamp.ctime_ns + 1}}) {
    EXPECT_NE(number_of(stamp), number_of(other));
    EXPECT_LT(number_of(other), std::int64_t{1} << 47);
    EXPECT_GE(number_of(other), -(std::int64_t{1} << 47));
  }
}

}  // namespace
}  // namespace mi2::archive
