// Cards as JSON and as pages.

#include "archive/cards/card.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/carded.hpp"
#include "archive/cards/card_html.hpp"
#include "archive/growing.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive::cards {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A card with everything that one can have.
Card full_card() {
  Growing archive;
  for (int i = 0; i < 6; ++i) archive.add_study();
  archive.close();
  SearchOptions options;
  options.k = 3;
  options.by = By::kSeries;
  options.where = filter::parse("modality in (CT,MR) and not site=B");
  std::vector<QueryPart> parts;
  {
    archive::Reader reader(archive.folder());
    parts.push_back(part_of_item(reader, 4));
    parts.push_back(part_of_study(reader, Growing::uid(2)));
  }
  QueryPart away = part_near(archive.rows().text_query(3));
  away.weight = -1;
  away.origin.asked = Asked::kText;
  away.origin.text = "no \"pneumothorax\" \n\xC3\xA9";
  parts.push_back(away);
  Card card = card_of(archive.folder(), parts, options);
  card.model = provenance();
  card.previous = std::string(64, 'a');
  card.results.front().position = -12.5;
  card.results.front().percentile = 100.0;
  card.results.front().verdict = "match";
  card.results.back().agrees = {"modality"};
  card.results.back().path = "a/b.dcm";
  card.id = id_of(card);
  return card;
}

TEST(Card, ReadsBackWhatWasWritten) {
  const Card card = full_card();
  const std::string text = to_json(card);
  const Card again = from_json(text + "\n", "card");
  EXPECT_EQ(to_json(again), text);
  ASSERT_EQ(again.parts.size(), 3U);
  EXPECT_EQ(again.parts[2].vector, card.parts[2].vector);
  EXPECT_EQ(again.parts[2].origin.text, card.parts[2].origin.text);
  EXPECT_EQ(again.parts[2].weight, -1);
  EXPECT_EQ(again.parts[0].tags, card.parts[0].tags);
  EXPECT_EQ(again.parts[1].subjects.size(), 1U);
  ASSERT_EQ(again.results.size(), 3U);
  EXPECT_EQ(again.results[1].score, card.results[1].score);
  EXPECT_EQ(again.results[0].position, -12.5);
  EXPECT_EQ(again.where, card.where);
  EXPECT_TRUE(again.exact);
}

TEST(Card, OfFormat1StaysReadable) {
  const Card card = from_json(test::read_back(test::data_of("archive") / "card_format_1.json"), "card");
  ASSERT_EQ(card.results.size(), 2U);
  EXPECT_EQ(card.results[0].score, 0.5);
  EXPECT_EQ(card.results[0].sop_uid, "1.2.3.4");
  EXPECT_EQ(card.results[1].kind, "series");
  EXPECT_EQ(card.parts[0].vector, (std::vector<float>{0.6F, 0.8F}));
  EXPECT_EQ(card.parts[1].subjects.front().instance, 3);
  EXPECT_EQ(card.linked_patients, std::vector<Id>{4});
}

TEST(Card, KeepsNotesAndPinsInAFormatThatOlderProgramsRefuse) {
  Card card = full_card();
  EXPECT_THAT(to_json(card), HasSubstr("\"card\":1,"));
  const std::string without = card.id;
  Notes notes;
  notes.text = "A <b>note</b>\n\xC3\xA9";
  notes.results = {{card.results[1].item, "nearest of the pair"}, {card.results[2].item, ""}};
  annotate(card, notes);
  card.id = id_of(card);
  EXPECT_NE(card.id, without);
  const std::string text = to_json(card);
  EXPECT_THAT(text, HasSubstr("\"card\":2,"));
  const Card again = from_json(text, "card");
  EXPECT_EQ(to_json(again), text);
  EXPECT_EQ(again.note, notes.text);
  EXPECT_FALSE(again.results[0].pinned);
  EXPECT_TRUE(again.results[1].pinned && again.results[2].pinned);
  EXPECT_EQ(again.results[1].note, "nearest of the pair");
  std::string other = text;
  other.replace(other.find("\"card\":2,"), 9, "\"card\":1,");
  test::expect_error(Code::kBadFile, {"card"}, [&] { static_cast<void>(from_json(other, "card")); });
  const std::string html = to_html(card, std::vector<std::string>{"", "", ""});
  EXPECT_THAT(html, HasSubstr("A &lt;b&gt;note&lt;/b&gt;"));
  EXPECT_THAT(html, HasSubstr("nearest of the pair"));
}

TEST(Card, TakesNotesOfItsOwnResultsOnce) {
  Card card = full_card();
  const std::uint64_t item = card.results[0].item;
  Notes notes;
  notes.results = {{1U << 30U, "of another search"}};
  test::expect_error(Code::kBadArgument, {"result 1", "finds"}, [&] { annotate(card, notes); });
  notes.results = {{item, ""}, {item, ""}};
  test::expect_error(Code::kBadArgument, {"result 2"}, [&] { annotate(card, notes); });
  card = full_card();
  notes.results = {{item, std::string(kMostNote + 1, 'x')}};
  test::expect_error(Code::kTooLarge, {"note"}, [&] { annotate(card, notes); });
  notes = {std::string(kMostNote + 1, 'x'), {}};
  test::expect_error(Code::kTooLarge, {"note"}, [&] { annotate(card, notes); });
}

TEST(Card, RefusesEveryTextOfWhichOneByteDiffers) {
  const std::string text = to_json(full_card());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = text[i] == '1' ? '2' : '1';
    if (other == text) continue;
    EXPECT_THROW(static_cast<void>(from_json(other, "card")), Error) << "byte " << i;
  }
}

TEST(Card, RefusesWhatIsNoCard) {
  for (const char* text : {"", "[]", "{}", R"({"card":"1"})", R"({"card":1})", "null"}) {
    test::expect_error(Code::kBadFile, {"name.json"}, [&] { static_cast<void>(from_json(text, "name.json")); });
  }
  test::expect_error(Code::kUnsupported, {"another version"},
                     [] { static_cast<void>(from_json(R"({"card":99})", "name.json")); });
  test::expect_error(Code::kTooLarge, {"bytes"},
                     [] { static_cast<void>(from_json(std::string(kMaxCardBytes + 1, ' '), "name.json")); });
}

TEST(Card, RefusesOtherFormsOfTheSameValues) {
  const std::string text = to_json(full_card());
  for (const auto& [from, to] : {std::pair(R"("exact":true)", R"("exact": true)"), std::pair(R"("k":3)", R"("k":3.0)"),
                                 std::pair(R"("card":1)", R"("card":1,"more":1)")}) {
    std::string other = text;
    const std::size_t at = other.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    other.replace(at, std::string(from).size(), to);
    test::expect_error(Code::kBadFile, {"card"}, [&] { static_cast<void>(from_json(other, "card")); });
  }
}

TEST(Card, HasOneIdPerContentWhateverItsOwnSays) {
  Card card = full_card();
  const std::string id = id_of(card);
  card.id.clear();
  EXPECT_EQ(id_of(card), id);
  card.results.front().score = std::nextafter(card.results.front().score, 2.0);
  EXPECT_NE(id_of(card), id);
  card.results.front().score = std::numeric_limits<double>::quiet_NaN();
  test::expect_error(Code::kInternal, {"finite"}, [&] { static_cast<void>(id_of(card)); });
}

TEST(Card, NamesNoPathUnlessAskedTo) {
  Growing archive;
  for (int i = 0; i < 3; ++i) archive.add_study();
  archive.close();
  archive::Reader reader(archive.folder());
  const std::vector<QueryPart> parts{part_near(archive.rows().row(0))};
  const SearchAnswer answer = ask(reader, parts, {});
  EXPECT_THAT(to_json(make_card(reader, parts, {}, answer, {})), Not(HasSubstr(".dcm")));
  EXPECT_THAT(to_json(make_card(reader, parts, {}, answer, {std::nullopt, true})), HasSubstr("0-0.dcm"));
}

TEST(Card, OfASearchThatMaySeeSomeRowsOnlyIsRefused) {
  Growing archive;
  archive.add_study();
  archive.close();
  archive::Reader reader(archive.folder());
  const std::vector<QueryPart> parts{part_near(archive.rows().row(0))};
  SearchOptions options;
  options.visible = filter::parse("modality=CT");
  test::expect_error(Code::kUnsupported, {"all rows"},
                     [&] { static_cast<void>(make_card(reader, parts, options, ask(reader, parts, options), {})); });
}

TEST(CardPage, ShowsHostileTagsAsText) {
  Card card = full_card();
  card.results[0].study_description = "<script>alert(1)</script>";
  card.results[0].modality = "\"><img src=x onerror=alert(1)>";
  card.parts[2].origin.text = "</style><b>bold</b>";
  card.where = "study_description=\"</code><i>\"";
  const std::string html = to_html(card, std::vector<std::string>{"<svg onload=alert(1)>", "", ""});
  for (const char* tag : {"<script", "<img", "<b>", "<i>", "<svg", "<a "}) EXPECT_THAT(html, Not(HasSubstr(tag)));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(html, HasSubstr("Content-Security-Policy"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(CardPage, HoldsThumbnailsAndWhatWasNotSearched) {
  Card card = full_card();
  card.excluded.same_patient = 7;
  card.excluded.filter = 11;
  std::string webp = "RIFF";
  webp += std::string("\x04\0\0\0", 4) + "WEBPabcd";
  const std::string html = to_html(card, std::vector<std::string>{webp, "", ""});
  EXPECT_THAT(html, HasSubstr("data:image/webp;base64,UklGRgQAAABXRUJQYWJjZA=="));
  EXPECT_THAT(html, HasSubstr("Not searched: 7 of the query"));
  EXPECT_THAT(html, HasSubstr("11 that the filter leaves out"));
  EXPECT_THAT(html, HasSubstr("Research use only"));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(html, HasSubstr("@media print"));
  EXPECT_THAT(html, HasSubstr(card.id));
  EXPECT_THAT(html, Not(HasSubstr("://")));
}

}  // namespace
}  // namespace mi2::archive::cards
