#include "base/header_parameter.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "support/expect_error.hpp"

namespace mi2::base {
namespace {

TEST(HeaderParameter, IsATokenOrAQuotedText) {
  const std::string header = R"(multipart/related; Type="application/dicom" ;boundary=a-b; x="a\"; y=1")";
  EXPECT_EQ(header_parameter(header, "type", "h"), "application/dicom");
  EXPECT_EQ(header_parameter(header, "boundary", "h"), "a-b");
  EXPECT_EQ(header_parameter(header, "x", "h"), "a\"; y=1");
  EXPECT_EQ(header_parameter(header, "y", "h"), std::nullopt);
  EXPECT_EQ(header_parameter("multipart/related", "boundary", "h"), std::nullopt);
}

TEST(HeaderParameter, RefusesAQuoteThatIsNotClosed) {
  test::expect_error(Code::kBadArgument, {"the header", "not closed"},
                     [] { static_cast<void>(header_parameter("a; b=\"c", "b", "the header")); });
}

}  // namespace
}  // namespace mi2::base
