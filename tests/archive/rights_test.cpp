// Who may do what, where a search goes on, names that a client wrote, and who is answered with a page.

#include "protocols/archives/rights.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include "protocols/archives/cards.hpp"
#include "protocols/archives/cursor.hpp"
#include "protocols/archives/judgement.hpp"
#include "protocols/archives/query.hpp"
#include "support/expect_error.hpp"

namespace mi2::protocols::archives {
namespace {

const std::vector<std::string> kNames{"chest", "brain"};
const std::string kKey(64, 'a');

Rights rights_of(const std::string& text) { return Rights::parse(text, "rights.json", kNames); }

TEST(Rights, WithoutAFileWhoeverIsLetInMaySearchAndLabelAndNoMore) {
  const Right right = Rights().of("", "chest");
  EXPECT_TRUE(right.search && right.label);
  EXPECT_FALSE(right.paths || right.remove || right.add || right.push || right.rows);
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
  EXPECT_TRUE(rights_of(R"({"keys": {"*": {"*": {"rights": ["search", "add"]}}}})").of(kKey, "brain").add);
  const Right pushing = rights_of(R"({"keys": {"*": {"*": {"rights": ["search", "push"]}}}})").of(kKey, "brain");
  EXPECT_TRUE(pushing.push);
  EXPECT_FALSE(pushing.add || pushing.remove || pushing.paths || pushing.label);
  const Right labelling =
      rights_of(R"({"keys": {"*": {"*": {"rights": ["search", "label"], "where": "site=A"}}}})").of(kKey, "brain");
  EXPECT_TRUE(labelling.label && labelling.rows);
}

TEST(Rights, SayWhetherCallersWithoutANamedKeyMayChangeAnArchive) {
  const auto lets = [](const std::string& key, const std::string& archive, const std::string& more) {
    return rights_of(R"({"keys": {")" + key + R"(": {")" + archive + R"(": {"rights": ["search")" + more + "]}}}}")
        .lets_anybody_change();
  };
  for (const char* archive : {"*", "chest"}) {
    EXPECT_TRUE(lets("*", archive, R"(, "add")")) << archive;
    EXPECT_TRUE(lets("*", archive, R"(, "paths", "delete")")) << archive;
    EXPECT_FALSE(lets("*", archive, R"(, "paths")")) << archive;
    EXPECT_FALSE(lets(kKey, archive, R"(, "add", "delete")")) << archive;
  }
  EXPECT_FALSE(Rights().lets_anybody_change());
  EXPECT_FALSE(rights_of(R"({"keys": {}})").lets_anybody_change());
}

TEST(Rights, ThatWereTakenWhileARequestWaitedAreNoticed) {
  const auto right = [](const std::string& text) {
    return rights_of(R"({"keys": {"*": {"chest": {"rights": [)" + text + "}}}}").of("", "chest");
  };
  const Right had = right(R"("search", "paths"])");
  require_kept(had, had);
  require_kept(had, right(R"("search", "paths", "delete"])"));
  test::expect_error(Code::kNotFound, {"no archive of this name"}, [&] { require_kept(had, right("]")); });
  for (const char* less : {R"("search"])", R"("search", "paths"], "where": "site=A")"}) {
    test::expect_error(Code::kOverloaded, {"have changed meanwhile"}, [&] { require_kept(had, right(less)); });
  }
  test::expect_error(Code::kOverloaded, {"have changed meanwhile"},
                     [&] { require_kept(right(R"("search", "label"])"), right(R"("search"])")); });
  const Right some = right(R"("search"], "where": "site=A")");
  require_kept(some, some);
  // More rows too: what was found is an answer of neither right.
  test::expect_error(Code::kOverloaded, {"have changed meanwhile"}, [&] { require_kept(some, had); });
}

TEST(Rights, ThatMakeNoSenseAreRefusedByTheirPlaceWithoutAKey) {
  const std::string secret = "a-key-and-no-digest-0123";
  const Error error = test::error_of([&] { return rights_of(R"({"keys": {")" + secret + R"(": {}}})"); });
  EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr(secret)));
  for (const char* text :
       {"", "[]", "{}", R"({"keys": 1})", R"({"keys": {"*": 1}})", R"({"keys": {"*": {"chest": []}}})",
        R"({"keys": {"*": {"chest": {}}}})", R"({"keys": {"*": {"chest": {"rights": "search"}}}})",
        R"({"keys": {"*": {"chest": {"rights": [1]}}}})", R"({"keys": {"*": {"chst": {"rights": []}}}})",
        R"({"keys": {"*": {"chest": {"rights": ["delete"]}}}})", R"({"keys": {"*": {"chest": {"rights": ["add"]}}}})",
        R"({"keys": {"*": {"chest": {"rights": ["search", "add"], "where": "site=A"}}}})",
        R"({"keys": {"*": {"chest": {"rights": ["search", "push"], "where": "site=A"}}}})",
        R"({"keys": {}, "other": 1})", R"({"keys": {"*": {"chest": {"rights": ["search"], "where": "label.x=1"}}}})",
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

TEST(Card, IsAPageForWhoReadsHtmlAndNoJson) {
  for (const char* accept : {"text/html", "Text/HTML", "text/html,application/xhtml+xml,*/*;q=0.8",
                             " */* , text/html ;q=0.5", "text/html;charset=utf-8", "text/html, application/json;q=0"}) {
    EXPECT_TRUE(wants_page(accept)) << accept;
  }
  for (const char* accept : {"", "*/*", "application/json", "text/html, application/json", "text/html;q=0",
                             "text/html;q=0.000", "text/htmlx", "xtext/html", ",,;q=,", "text/*"}) {
    EXPECT_FALSE(wants_page(accept)) << accept;
  }
}

TEST(Judging, KeepsFewNeighboursHoweverManyAreAskedFor) {
  EXPECT_EQ(most_compared(1), kMostCompared);
  EXPECT_EQ(most_compared(80), kMostCompared);
  for (const std::size_t k : {100U, 1000U}) {
    EXPECT_LT(most_compared(k), kMostCompared);
    EXPECT_LE(most_compared(k) * k, kMostKept);
  }
}

}  // namespace
}  // namespace mi2::protocols::archives
