#include "base/inflate.hpp"

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

}  // namespace
}  // namespace mi2::base
