#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "support/expect_error.hpp"

namespace mi2::base {
namespace {

std::string encode(std::string_view text) { return base64_encode(std::as_bytes(std::span(text))); }

TEST(Base64, EncodesAsRfc4648Does) {
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, DecodesEveryByteAtEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64_decode(encode(bytes), "t"), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64, PassesOverLineBreaksAndADataUri) {
  EXPECT_EQ(base64_decode("Zm9v\r\nYmFy\n", "t"), "foobar");
  EXPECT_EQ(base64_decode("  Zm9v YmFy", "t"), "foobar");
  EXPECT_EQ(base64_decode("data:image/png;base64,Zm9vYmFy", "t"), "foobar");
  EXPECT_EQ(base64_decode("\nDATA:image/png;charset=x;base64,Zm9v\nYmFy", "t"), "foobar");
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const std::string_view text :
       {"Zm9", "Zm9vY", "Zm9v!mFy", "Zm=vYmFy", "Zm9vYm==Zm9v", "====", "Zg===", "Z===", "Zm9v----", "----", "_m9v",
        "data:image/png,Zm9v", "data:;base64,Zm9", "Zm9v\xC3\xA9mFy"}) {
    test::expect_error(Code::kBadArgument, {"row 7", "not base64"},
                       [&] { static_cast<void>(base64_decode(text, "row 7")); });
  }
  test::expect_error(Code::kBadArgument, {"not base64"},
                     [] { static_cast<void>(base64_decode(std::string_view("Zm9v\0mFy", 8), "t")); });
}

TEST(Base64, KnowsADataUri) {
  EXPECT_TRUE(is_data_uri("data:image/png;base64,AAAA"));
  EXPECT_TRUE(is_data_uri(" data:;base64,"));
  EXPECT_FALSE(is_data_uri("data: a text about data, base64 and so on"));
  EXPECT_FALSE(is_data_uri(""));
}

}  // namespace
}  // namespace mi2::base
