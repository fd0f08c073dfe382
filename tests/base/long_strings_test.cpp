#include "base/long_strings.hpp"

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace mi2::base {
namespace {

using Json = nlohmann::json;

/// Nothing if it is not JSON.
std::optional<Json> parsed_whole(const std::string& text) {
  const Json value = Json::parse(text, nullptr, false);
  return value.is_discarded() ? std::nullopt : std::optional(value);
}

std::optional<Json> parsed_past(const std::string& text) {
  LongStrings strings(text);
  try {
    return Json::parse(strings.shortened(), [&](int, Json::parse_event_t event, Json& value) {
      strings.restore(event, value);
      return true;
    });
  } catch (const Json::parse_error&) {
    return std::nullopt;
  }
}

std::string long_text(std::size_t size, char seed = 'A') {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('+' + (i * 7 + static_cast<std::size_t>(seed)) % 40);
  return text;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

std::string quoted(const std::string& content) { return joined({"\"", content, "\""}); }

TEST(LongStrings, AreCutOutAndPutBack) {
  const std::string image = long_text(5000);
  const std::string text =
      joined({R"({"input_data": {"columns": ["image"], "data": [[)", quoted(image), R"(], ["short"]]}})"});
  EXPECT_LT(LongStrings(text).shortened().size(), 100U);
  EXPECT_EQ(parsed_past(text), parsed_whole(text));
  EXPECT_EQ(parsed_past(quoted(image)), Json(image));
}

TEST(LongStrings, StayWhereTheirLettersMeanOtherThanThemselves) {
  const std::string image = long_text(400);
  for (const std::string& odd : {std::string("\\\""), std::string("\\n"), std::string("\\\\"), std::string("\xC3\xA4"),
                                 std::string("\xC3"), std::string("\x01"), std::string("\n"), std::string(1, '\0')}) {
    const std::string text = joined({"[", quoted(joined({image, odd, image})), ", ", quoted(image), "]"});
    EXPECT_EQ(parsed_past(text), parsed_whole(text));
  }
}

TEST(LongStrings, ThatAreKeysStay) {
  const std::string text = joined({"{", quoted(long_text(300)), " : ", quoted(long_text(301, 'B')), "}"});
  EXPECT_EQ(parsed_past(text), parsed_whole(text));
  EXPECT_GT(LongStrings(text).shortened().size(), 300U);
}

/// Pieces in any order, mostly no JSON at all.
TEST(LongStrings, ChangeNoTextsMeaning) {
  const std::vector<std::string> pieces = {"[",
                                           "]",
                                           "{",
                                           "}",
                                           ",",
                                           ":",
                                           " ",
                                           "1",
                                           "null",
                                           "\"",
                                           "\"\"",
                                           "\\",
                                           "\\\"",
                                           "a",
                                           "\"a\":",
                                           quoted(long_text(260)),
                                           quoted(long_text(270, 'C')),
                                           long_text(280, 'D')};
  std::mt19937 random(9);
  std::size_t good = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = round % 2 == 0 ? "[" : "";
    const std::size_t count = random() % 7;
    for (std::size_t i = 0; i < count; ++i) text += pieces[random() % pieces.size()];
    if (round % 2 == 0) text += "]";
    const std::optional<Json> whole = parsed_whole(text);
    ASSERT_EQ(parsed_past(text), whole) << text;
    good += whole ? 1 : 0;
  }
  EXPECT_GT(good, 500U);
}

}  // namespace
}  // namespace mi2::base
