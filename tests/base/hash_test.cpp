#include "base/hash.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::base {
namespace {

std::string of_text(std::string_view text) { return sha256_hex(std::as_bytes(std::span(text))); }

// The vectors of FIPS 180-4's examples.
TEST(Sha256, MatchesTheStandardsVectors) {
  EXPECT_EQ(of_text(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(of_text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(of_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(of_text(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, HashesFilesAsItHashesTheirBytes) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(sha256_hex(folder.write("empty", "")), of_text(""));
  // Longer than one step of the streaming, and no multiple of it.
  const std::string large(40'000'001, 'x');
  EXPECT_EQ(sha256_hex(folder.write("large", large)), of_text(large));
}

TEST(Sha256, NamesAMissingFile) {
  const test::TemporaryFolder folder;
  test::expect_error(Code::kNotFound, {"absent"}, [&] { sha256_hex(folder / "absent"); });
}

// The test suite of RFC 1321.
TEST(Md5, MatchesItsRfc) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(md5_hex(folder.write("empty", "")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex(folder.write("alphabet", "abcdefghijklmnopqrstuvwxyz")), "c3fcd3d76192e4007dfb496cca67e13b");
}

TEST(Md5, SaysHowFarItIs) {
  const test::TemporaryFolder folder;
  const std::string large(40'000'001, 'x');
  std::vector<std::uint64_t> heard;
  md5_hex(folder.write("large", large), [&](std::uint64_t bytes) { heard.push_back(bytes); });
  ASSERT_GT(heard.size(), 1U);
  EXPECT_TRUE(std::ranges::is_sorted(heard));
  EXPECT_EQ(heard.back(), large.size());
}

// The test cases of RFC 4231.
TEST(Hmac, MatchesItsRfc) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// RFC 3720, appendix B.4, and the check value of the published catalogues of CRCs.
TEST(Crc32c, MatchesItsRfc) {
  const auto of = [](const std::string& text) { return crc32c(std::as_bytes(std::span(text))); };
  EXPECT_EQ(of(""), 0U);
  EXPECT_EQ(of("123456789"), 0xE3069283U);
  EXPECT_EQ(of(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(of(std::string(32, '\xFF')), 0x62A8AB43U);
}

TEST(Random, IsNotTheSameTwice) {
  EXPECT_EQ(random_bytes(16).size(), 16U);
  EXPECT_NE(random_bytes(16), random_bytes(16));
  EXPECT_EQ(hex(std::string("\x00\xff", 2)), "00ff");
}

std::uint64_t xxh3_of(std::string_view text) { return xxh3(std::as_bytes(std::span(text))); }

// What XXH3_64bits of xxHash 0.8 gives: the number is in files, so it must never be another one.
TEST(Xxh3, MatchesItsPublishedFunction) {
  EXPECT_EQ(xxh3_of(""), 0x2D06800538D394C2U);
  EXPECT_EQ(xxh3_of("abc"), 0x78AF5F94892F3950U);
}

}  // namespace
}  // namespace mi2::base
