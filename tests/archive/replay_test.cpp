// Searches of an earlier snapshot, and cards that are replayed.

#include "archive/cards/replay.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/carded.hpp"
#include "archive/growing.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive::cards {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> texts(const Replay& replay) {
  std::vector<std::string> all;
  for (const Difference& difference : replay.differences) all.push_back(difference.text);
  return all;
}

std::size_t count(const Replay& replay, std::string_view what) {
  return static_cast<std::size_t>(std::count_if(replay.differences.begin(), replay.differences.end(),
                                                [&](const Difference& d) { return d.what == what; }));
}

SearchOptions of_all(std::int64_t at = 0) {
  SearchOptions options;
  options.k = 100;
  options.by = By::kImage;
  options.at = at;
  options.deleted_since = at > 0;
  return options;
}

std::vector<std::pair<std::uint64_t, double>> hits(const SearchAnswer& answer) {
  std::vector<std::pair<std::uint64_t, double>> all;
  for (const Found& found : answer.found) all.emplace_back(found.item.row, found.score);
  return all;
}

TEST(SearchAt, FindsWhatWasThereWhateverWasAddedAndDeletedSince) {
  Growing archive;
  for (int i = 0; i < 5; ++i) archive.add_study();
  const std::vector<QueryPart> parts{part_near(archive.rows().text_query(1))};
  SearchAnswer then;
  {
    archive::Reader reader(archive.folder());
    then = ask(reader, parts, of_all());
  }
  for (int i = 0; i < 3; ++i) archive.add_study();
  remove_study(archive, 1, false);
  archive::Reader reader(archive.folder());
  const SearchAnswer now = ask(reader, parts, of_all(then.snapshot));
  EXPECT_EQ(hits(now), hits(then));
  EXPECT_EQ(now.searched, then.searched);
  EXPECT_EQ(now.excluded.deleted + now.excluded.erased, 0U);
  EXPECT_EQ(std::count_if(now.found.begin(), now.found.end(), [](const Found& f) { return f.item.deleted; }), 3);
  // As a further page is made: without those.
  SearchOptions paged = of_all(then.snapshot);
  paged.deleted_since = false;
  EXPECT_EQ(ask(reader, parts, paged).found.size(), then.found.size() - kSlices);
}

/// The studies of pages of one each. @param between  called with each result before the next page.
template <typename Between>
std::vector<std::string> studies_of_pages(const Growing& archive, const Between& between) {
  const std::vector<QueryPart> parts{part_near(archive.rows().text_query(1))};
  SearchOptions options;
  options.k = 1;
  options.paged = true;
  std::vector<std::string> studies;
  for (;;) {
    SearchAnswer answer;
    {
      archive::Reader reader(archive.folder());
      answer = ask(reader, parts, options);
    }
    if (answer.found.empty()) return studies;
    const Found& last = answer.found.front();
    studies.push_back(last.item.study_uid);
    if (!answer.more) return studies;
    options.at = answer.snapshot;
    options.deleted_since = true;
    options.after = After{last.score, last.item.row};
    ++options.shown;
    between(studies.size(), last.item);
  }
}

TEST(SearchAt, PagesHaveNoStudyTwiceWhateverIsDeletedMeanwhile) {
  Growing archive;
  for (int i = 0; i < 5; ++i) archive.add_study();
  const std::vector<std::string> all = studies_of_pages(archive, [](std::size_t, const ItemFacts&) {});
  ASSERT_EQ(all.size(), 5U);
  const auto delete_image = [&archive](Id instance) {
    Catalog& catalog = archive.writer().catalog();
    Catalog::Transaction change(catalog, true);
    static_cast<void>(catalog.retire_instance(instance, catalog.add_change("delete", 1)));
    change.commit();
  };
  // The best image of each study that was shown: the study has others, which are less alike.
  EXPECT_EQ(studies_of_pages(archive,
                             [&](std::size_t page, const ItemFacts& item) {
                               if (page <= 2) delete_image(item.instance);
                             }),
            all);
}

TEST(SearchAt, PagesGoOnBehindStudiesThatWereDeletedMeanwhile) {
  Growing archive;
  for (int i = 0; i < 6; ++i) archive.add_study();
  std::vector<std::string> all = studies_of_pages(archive, [](std::size_t, const ItemFacts&) {});
  ASSERT_EQ(all.size(), 6U);
  const std::vector<std::string> gone(all.begin() + 1, all.begin() + 4);
  all.erase(all.begin() + 1, all.begin() + 4);
  EXPECT_EQ(studies_of_pages(archive,
                             [&](std::size_t page, const ItemFacts&) {
                               if (page > 1) return;
                               for (std::size_t study = 0; study < 6; ++study) {
                                 const auto goes = std::count(gone.begin(), gone.end(), Growing::uid(study));
                                 if (goes > 0) remove_study(archive, study, false);
                               }
                             }),
            all);
}

TEST(SearchAt, CountsWhatWasDeletedBeforeAndWhatWasErasedSince) {
  Growing archive;
  for (int i = 0; i < 5; ++i) archive.add_study();
  remove_study(archive, 0, false);
  const std::vector<QueryPart> parts{part_near(archive.rows().text_query(1))};
  SearchAnswer then;
  {
    archive::Reader reader(archive.folder());
    then = ask(reader, parts, of_all());
  }
  remove_study(archive, 2, true);
  archive::Reader reader(archive.folder());
  const SearchAnswer now = ask(reader, parts, of_all(then.snapshot));
  EXPECT_EQ(now.excluded.deleted, then.excluded.deleted);
  EXPECT_EQ(now.excluded.erased, kSlices + 1);  // with the mean of the series
  EXPECT_EQ(now.searched, then.searched - kSlices);
}

TEST(SearchAt, FindsMeansOfSeriesThatWereDeletedSince) {
  Growing archive;
  for (int i = 0; i < 4; ++i) archive.add_study();
  const std::vector<QueryPart> parts{part_near(archive.rows().text_query(1))};
  SearchOptions options = of_all();
  options.match = Match::kMean;
  SearchAnswer then;
  {
    archive::Reader reader(archive.folder());
    then = ask(reader, parts, options);
  }
  ASSERT_EQ(then.found.size(), 4U);
  remove_study(archive, 3, false);
  archive::Reader reader(archive.folder());
  options.at = then.snapshot;
  options.deleted_since = true;
  EXPECT_EQ(hits(ask(reader, parts, options)), hits(then));
}

TEST(Replay, IsTheSameAtOnceAndAfterMoreWasAdded) {
  Growing archive;
  for (int i = 0; i < 8; ++i) archive.add_study(i < 2 ? std::size_t{0} : static_cast<std::size_t>(i));
  for (const SamePatient rule : {SamePatient::kExclude, SamePatient::kInclude, SamePatient::kOnly}) {
    SearchOptions options;
    options.same_patient = rule;
    options.where = filter::parse("modality in (CT,MR)");
    const Card card = card_of_item(archive.folder(), 1, options);
    EXPECT_FALSE(card.results.empty());
    EXPECT_THAT(texts(replay_of(archive.folder(), card)), IsEmpty());
    archive.add_study(std::size_t{0});
    const Replay later = replay_of(archive.folder(), from_json(to_json(card), "card"));
    EXPECT_THAT(texts(later), IsEmpty());
    EXPECT_THAT(later.notes, IsEmpty());
  }
}

TEST(Replay, OfAnEmptyArchiveIsTheSame) {
  Growing archive;
  const Card card = card_of(archive.folder(), {part_near(archive.rows().text_query(1))});
  EXPECT_EQ(card.snapshot, 0);
  for (int i = 0; i < 2; ++i) archive.add_study();
  EXPECT_TRUE(replay_of(archive.folder(), card).same());
}

TEST(Replay, SaysThatAResultWasDeletedAndFindsItAllTheSame) {
  Growing archive;
  for (int i = 0; i < 4; ++i) archive.add_study();
  const Card card = card_of(archive.folder(), {part_near(archive.rows().row(0))});
  ASSERT_EQ(card.results.front().study_uid, Growing::uid(0));
  remove_study(archive, 0, false);
  const Replay found = replay_of(archive.folder(), card);
  EXPECT_THAT(texts(found), IsEmpty());
  EXPECT_THAT(found.notes, Contains(HasSubstr("result 1 (item 0) has been deleted since")));
}

TEST(Replay, NamesTheResultsThatWereErased) {
  Growing archive;
  for (int i = 0; i < 4; ++i) archive.add_study();
  const Card card = card_of(archive.folder(), {part_near(archive.rows().row(0))});
  ASSERT_EQ(card.results.size(), 4U);
  remove_study(archive, 0, true);
  const Replay found = replay_of(archive.folder(), card);
  EXPECT_EQ(count(found, "erased"), 1U);
  EXPECT_EQ(count(found, "rank"), 3U);  // the others move up
  EXPECT_EQ(found.differences.size(), 4U);
  EXPECT_THAT(texts(found), Contains(HasSubstr("result 1 (item 0) has been erased since")));
  EXPECT_THAT(found.notes, Contains(HasSubstr("4 rows of the snapshot have been erased since")));
  // The same results as before, but for what was erased, are said to be so.
  const std::string json = to_json(card, found);
  EXPECT_THAT(json, HasSubstr(R"("same": false)"));
  EXPECT_THAT(json, HasSubstr(R"({"what": "erased", "rank": 1, "text": )"));
}

TEST(Replay, NamesEachValueThatDiffers) {
  Growing archive;
  for (int i = 0; i < 4; ++i) archive.add_study();
  const Card card = card_of(archive.folder(), {part_near(archive.rows().row(0))});
  Card other = card;
  other.results[1].score = std::nextafter(card.results[1].score, 2.0);
  other.results[2].sop_uid = "1.2.3";
  other.searched -= 1;
  const Replay found = replay_of(archive.folder(), other);
  EXPECT_EQ(found.differences.size(), 3U) << ::testing::PrintToString(texts(found));
  EXPECT_EQ(count(found, "score"), 1U);
  EXPECT_THAT(texts(found), Contains(HasSubstr("the archive has another image of it now")));
  EXPECT_THAT(texts(found), Contains(HasSubstr("rows searched: 11 on the card, 12 now")));
  other = card;
  std::swap(other.results[0].item, other.results[1].item);
  EXPECT_EQ(count(replay_of(archive.folder(), other), "rank"), 2U);
  other = card;
  other.results.pop_back();
  EXPECT_EQ(count(replay_of(archive.folder(), other), "new"), 1U);
  other = card;
  other.results.back().item = 999;
  EXPECT_EQ(count(replay_of(archive.folder(), other), "missing"), 1U);
}

TEST(Replay, ComparesVerdictsOnlyByTheSameBackground) {
  Growing archive;
  for (int i = 0; i < 4; ++i) archive.add_study();
  const auto judge_by = [&](std::vector<double> scores) {
    Catalog::Transaction all(archive.writer().catalog(), true);
    archive.writer().catalog().set_background("text", scores);
    all.commit();
  };
  judge_by({0.1, 0.2, 0.3});
  QueryPart part = part_near(archive.rows().row(0));
  part.nature = Nature::kText;
  part.origin.asked = Asked::kText;
  part.origin.text = "chest";
  Card card = card_of(archive.folder(), {part});
  ASSERT_EQ(card.results.front().verdict, "match");
  EXPECT_TRUE(replay_of(archive.folder(), card).same());
  card.results.front().verdict = "weak";
  EXPECT_EQ(count(replay_of(archive.folder(), card), "verdict"), 1U);
  judge_by({0.1, 0.2, 0.4});
  const Replay found = replay_of(archive.folder(), card);
  EXPECT_TRUE(found.same());
  EXPECT_THAT(found.notes, Contains(HasSubstr("percentiles and verdicts")));
}

TEST(Replay, RefusesAnotherArchiveAndAnOlderCopy) {
  Growing archive;
  Growing other;
  for (Growing* each : {&archive, &other}) {
    for (int i = 0; i < 3; ++i) each->add_study();
  }
  Card card = card_of(archive.folder(), {part_near(archive.rows().row(0))});
  test::expect_error(Code::kBadArgument, {"another one"}, [&] { replay_of(other.folder(), card); });
  card.snapshot = 99;
  test::expect_error(Code::kBadArgument, {"older copy"}, [&] { replay_of(archive.folder(), card); });
}

TEST(Replay, ComparesTextsThatAreEmbeddedAgainToTheLastBit) {
  Growing archive;
  for (int i = 0; i < 3; ++i) archive.add_study();
  std::vector<QueryPart> parts;
  for (const double weight : {1.0, -1.0, 1.0}) {
    parts.push_back(part_near(archive.rows().text_query(static_cast<unsigned>(parts.size()))));
    parts.back().weight = weight;
    parts.back().origin.asked = Asked::kText;
    parts.back().origin.text = std::string(1, static_cast<char>('a' + static_cast<int>(parts.size()) - 1));
  }
  Card card = card_of(archive.folder(), parts);
  card.model = provenance();
  EXPECT_THAT(texts_of(card, false), ::testing::ElementsAre("a", "c"));
  EXPECT_THAT(texts_of(card, true), ::testing::ElementsAre("b"));
  EmbeddingMatrix same;
  for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) same.append(parts[i].vector);
  Replay replay;
  compare_texts(card, false, same, provenance(), replay);
  EXPECT_TRUE(replay.same());
  EmbeddingMatrix other = same;
  other.row(1)[3] = std::nextafter(other.row(1)[3], 2.0F);
  Provenance by = provenance();
  by.instructions = "avx2";
  compare_texts(card, false, other, by, replay);
  ASSERT_EQ(replay.differences.size(), 1U);
  EXPECT_THAT(replay.differences.front().text, HasSubstr("part 3 of the query"));
  EXPECT_THAT(replay.notes, Contains(HasSubstr("instructions none, and now with avx2")));
}

}  // namespace
}  // namespace mi2::archive::cards
