// Who may do what, where a search goes on, and names that a client wrote.

#include "protocols/archives/rights.hpp"

#include <string>
#include <vector>

#include "protocols/archives/cursor.hpp"
#include "protocols/archives/query.hpp"
#include "support/expect_error.hpp"

namespace mi2::protocols::archives {
namespace {

const std::vector<std::string> kNames{"chest", "brain"};
const std::string kKey(64, 'a');

Rights rights_of(const std::string& text) { return Rights::parse(text, "rights.json", kNames); }

TEST(Rights, WithoutAFileWhoeverIsLetInMaySearchAndNoMore) {
  const Right right = Rights().of("", "chest");
  EXPECT_TRUE(right.search);
  EXPECT_FALSE(right.paths || right.remove || right.rows);
}

TEST(Rights, AreOfTheKeyThatIsNamedElseOfAnyAndLikewiseOfArchives) {
  const Rights rights = rights_of(R"({"keys": {"*": {"chest": {"rights": ["search"], "where": "site=A"}},
      ")" + kKey + R"(": {"chest": {"rights": ["search", "delete"]}, "*": {"rights": []}}}})");
  EXPECT_TRUE(rights.of("", "chest").rows.has_value());
  EXPECT_FALSE(rights.of("", "brain").search);
  EXPECT_TRUE(rights.of(kKey, "chest").remove);
  EXPECT_FALSE(rights.of(kKey, "chest").rows.has_value());
  EXPECT_FALSE(rights.of(kKey, "brain").search);
  EXPECT_FALSE(rights_of(R"({"keys": {}})").of("", "chest").search);
}

TEST(Rights, ThatMakeNoSenseAreRefusedByTheirPlaceWithoutAKey) {
  const std::string secret = "a-key-and-no-digest-0123";
  const Error error = test::error_of([&] { return rights_of(R"({"keys": {")" + secret + R"(": {}}})"); });
  EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr(secret)));
  for (const char* text :
       {"", "[]", "{}", R"({"keys": 1})", R"({"keys": {"*": 1}})", R"({"keys": {"*": {"chest": []}}})",
        R"({"keys": {"*": {"chest": {}}}})", R"({"keys": {"*": {"chest": {"rights": "search"}}}})",
        R"({"keys": {"*": {"chest": {"rights": [1]}}}})", R"({"keys": {"*": {"chst": {"rights": []}}}})",
        R"({"keys": {"*": {"chest": {"rights": ["delete"]}}}})", R"({"keys": {}, "other": 1})",
        R"({"keys": {"*": {"chest": {"rights": ["search"], "where": "label.x=1"}}}})",
        R"({"keys": {"*": {"chest": {"rights": ["search"], "where": {"not": "path~x"}}}}})"}) {
    EXPECT_EQ(test::error_of([&] { return rights_of(text); }).code(), Code::kBadFile) << text;
  }
}

TEST(Cursor, IsReadBackToTheBit) {
  const Cursor cursor{7, 30, {0.1234567890123456789, 42}, "abc"};
  const Cursor read = parse_cursor(to_text(cursor), 1000);
  EXPECT_EQ(read.at, 7);
  EXPECT_EQ(read.shown, 30U);
  EXPECT_EQ(read.last.score, cursor.last.score);
  EXPECT_EQ(read.last.row, 42U);
  EXPECT_EQ(read.query, "abc");
}

TEST(Cursor, ThatNobodyMadeIsRefused) {
  for (const char* text :
       {"", "1", "1.7.30.3fb.42", "1.7.30.3fb.42.abc.d", "2.7.30.3fb.42.abc", "1.0.30.3fb.42.abc", "1.-7.30.3fb.42.abc",
        "1.7.0.3fb.42.abc", "1.7.1001.3fb.42.abc", "1.7.30.xyz.42.abc", "1.7.30.7ff0000000000000.42.abc",
        "1.7.30.3fb.99999999999999999999.abc", "1.9223372036854775808.30.3fb.42.abc", "1.7.30..42.abc"}) {
    EXPECT_EQ(test::error_of([&] { return parse_cursor(text, 1000); }).code(), Code::kBadArgument) << text;
  }
}

TEST(Query, HasKnownNamesOnce) {
  const std::vector<std::string> known{"where", "k"};
  const auto values = read_query("where=modality%3DCT+and&k=3&", known);
  EXPECT_EQ(values.at("where"), "modality=CT and");
  EXPECT_EQ(values.at("k"), "3");
  test::expect_error(Code::kBadArgument, {"did you mean where?"},
                     [&] { static_cast<void>(read_query("were=1", known)); });
  test::expect_error(Code::kBadArgument, {"once"}, [&] { static_cast<void>(read_query("k=1&k=2", known)); });
  for (const char* text : {"", "-1", "1.5", "101", " 1", "0", "99999999999999999999"}) {
    EXPECT_THROW(static_cast<void>(read_number(text, "k", 1, 100)), Error) << text;
  }
}

}  // namespace
}  // namespace mi2::protocols::archives
