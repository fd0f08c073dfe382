#include "base/inflate.hpp"

#include <ctime>
#include <string>
#include <string_view>

#include "support/deflated.hpp"
#include "support/expect_error.hpp"

namespace mi2::base {
namespace {

using test::deflated;
using test::expect_error;
using test::kGzip;
using test::kZlib;

TEST(Inflate, ReadsGzipZlibAndRawDeflate) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(1'000'000, 'x')}) {
    for (const int format : {kGzip, kZlib, test::kRawDeflate}) {
      EXPECT_EQ(inflate(deflated(text, format), 1'000'000, "body"), text);
    }
  }
  EXPECT_EQ(inflate(deflated("one ", kGzip) + deflated("two", kGzip), 100, "body"), "one two");
}

TEST(Inflate, StopsAtItsLimit) {
  const std::string bomb = deflated(std::string(50'000'000, '\0'), kGzip);
  ASSERT_LT(bomb.size(), 100'000U);
  expect_error(Code::kTooLarge, {"body: more than 1000 bytes"}, [&] { inflate(bomb, 1000, "body"); });
  EXPECT_EQ(inflate(deflated(std::string(1000, 'x'), kZlib), 1000, "body").size(), 1000U);
  expect_error(Code::kTooLarge, {"more than 999"}, [&] { inflate(deflated(std::string(1000, 'x'), kZlib), 999, "b"); });
  std::string many;
  for (int i = 0; i < 100; ++i) many += deflated("0123456789", kGzip);
  expect_error(Code::kTooLarge, {"more than 500"}, [&] { inflate(many, 500, "b"); });
}

/// A member of 20 bytes must not cost as much as all that came out before it.
TEST(Inflate, TakesTimeInProportionToItsBytesHoweverManyMembers) {
  const std::string text(16'000'000, 'x');
  std::string packed = deflated(text, kGzip);
  const std::string empty = deflated("", kGzip);
  for (int i = 0; i < 20'000; ++i) packed += empty;
  const std::clock_t start = std::clock();
  EXPECT_EQ(inflate(packed, 64'000'000, "body"), text);
  EXPECT_LT(std::clock() - start, 10 * CLOCKS_PER_SEC);
}

TEST(Inflate, RefusesWhatIsNotWholeOrGoesOn) {
  for (const int format : {kGzip, kZlib, test::kRawDeflate}) {
    const std::string good = deflated("some text that is long enough", format);
    for (std::size_t size = 0; size < good.size(); ++size) {
      expect_error(Code::kBadArgument, {"body: is not whole"}, [&] { inflate(good.substr(0, size), 1000, "body"); });
    }
    expect_error(Code::kBadArgument, {"body"}, [&] { inflate(good + "x", 1000, "body"); });
  }
  std::string damaged = deflated("some text", kGzip);
  damaged[damaged.size() - 6] ^= 1;
  expect_error(Code::kBadArgument, {"body"}, [&] { inflate(damaged, 1000, "body"); });
  expect_error(Code::kBadArgument, {"body"}, [] { inflate(R"({"input": "not compressed"})", 1000, "body"); });
}

TEST(InflatePieces, AreTheWholeAndRefuseWhatIsNot) {
  const auto joined = [](const std::string& packed, std::uint64_t limit) {
    std::string all;
    inflate_pieces(packed, limit, "file", [&](std::string_view piece) { all += piece; });
    return all;
  };
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1} << 20, std::size_t{3'000'000}}) {
    const std::string text(size, 'x');
    const std::string packed = deflated(text, kGzip);
    EXPECT_EQ(joined(packed, size), text);
    EXPECT_EQ(joined(packed + deflated("more", kGzip), size + 4), text + "more");
    expect_error(Code::kBadFile, {"file: its compressed data are broken or cut"},
                 [&] { joined(packed + "x", size + 9); });
    expect_error(Code::kBadFile, {"broken or cut"}, [&] { joined(packed.substr(0, packed.size() - 1), size); });
  }
  expect_error(Code::kTooLarge, {"more than 999 bytes"}, [&] { joined(deflated(std::string(1000, 'x'), kGzip), 999); });
}

TEST(InflateStart, KeepsTheFirstBytesAndChecksTheRest) {
  const std::string text = "0123456789";
  for (const int format : {kGzip, kZlib}) {
    std::string out(4, '.');
    inflate_start(deflated(text, format), out, "file");
    EXPECT_EQ(out, "0123");
    EXPECT_EQ(inflate_some(deflated(text, format), out), 4U);
    std::string more(20, '.');
    EXPECT_EQ(inflate_some(deflated(text, format), more), 10U);
    expect_error(Code::kBadFile, {"after 10 of 20"}, [&] { inflate_start(deflated(text, format), more, "file"); });
    const std::string whole = deflated(text, format);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      expect_error(Code::kBadFile, {"file: "}, [&] { inflate_start(whole.substr(0, size), out, "file"); });
    }
  }
  std::string eight(8, '.');
  inflate_start(deflated("0123", kGzip) + deflated("4567", kGzip) + "padding", eight, "file");
  EXPECT_EQ(eight, "01234567");
  std::string damaged = deflated(text, kGzip);
  damaged[damaged.size() - 6] ^= 1;
  expect_error(Code::kBadFile, {"broken"}, [&] { inflate_start(damaged, eight, "file"); });
  const std::string bomb = deflated(std::string(50'000'000, '\0'), kGzip);
  expect_error(Code::kTooLarge, {"far more"}, [&] { inflate_start(bomb, eight, "file"); });
}

}  // namespace
}  // namespace mi2::base
