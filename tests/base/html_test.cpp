// Escaping text for HTML and SVG.

#include <string>

#include <gtest/gtest.h>

#include "base/html.hpp"

namespace mi2::base {
namespace {

TEST(EscapeHtml, NothingEndsAnElementOrAnAttribute) {
  EXPECT_EQ(escape_html(R"(<a href="x">&amp;</a>)"), "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;");
  EXPECT_EQ(escape_html(""), "");
}

TEST(EscapeHtml, OtherTextStays) {
  EXPECT_EQ(escape_html("it's \xC3\xA9 \xE2\x82\xAC\tand\r\nmore"), "it's \xC3\xA9 \xE2\x82\xAC\tand\r\nmore");
}

TEST(EscapeHtml, ControlCharactersBecomeBlanks) {
  EXPECT_EQ(escape_html(std::string("a\0b\x01\x1B[31m\x7F", 10)), "a b  [31m ");
}

}  // namespace
}  // namespace mi2::base
