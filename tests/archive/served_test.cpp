// An archive that is asked while it is written to.

#include "archive/served.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "archive/growing.hpp"
#include "archive/query.hpp"
#include "archive/search.hpp"
#include "archive/upkeep.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive {
namespace {

SearchAnswer ask(Served& served, const QueryPart& part, const SearchOptions& options) {
  SearchAnswer answer;
  served.search(
      [&](Reader& reader, base::ThreadPool& pool) { answer = search(reader, std::span(&part, 1), options, pool); });
  return answer;
}

SearchOptions all_of_them() {
  SearchOptions options;
  options.k = 1000;
  return options;
}

TEST(Served, ReadersFindEachCommittedStudyAndNoHalfOfOne) {
  Growing archive;
  archive.add_study();
  Served served(archive.folder(), 2);
  std::atomic<bool> done = false;
  std::atomic<int> faults = 0;
  const auto read = [&](unsigned seed) {
    const QueryPart part = part_near(archive.rows().text_query(seed));
    std::size_t before = 0;
    do {
      const SearchAnswer answer = ask(served, part, all_of_them());
      // Each study is a change and the count of studies with it.
      const auto wanted = archive.scores(part.vector, answer.found.size());
      if (!answer.exact || answer.found.size() < before || answer.searched != answer.found.size() * kSlices) ++faults;
      if (answer.found.size() != static_cast<std::size_t>(answer.snapshot)) ++faults;
      for (const Found& found : answer.found) {
        const auto known = wanted.find(found.item.study_uid);
        if (known == wanted.end() || std::abs(known->second - found.score) > 1e-6) ++faults;
      }
      before = answer.found.size();
      served.look([&](Reader& reader) {
        if (reader.catalog().totals(nullptr).images != reader.sequence() * static_cast<std::int64_t>(kSlices)) ++faults;
      });
    } while (!done);
  };
  std::array<std::thread, 3> readers;
  for (unsigned i = 0; i < readers.size(); ++i) readers.at(i) = std::thread(read, i);
  for (int i = 0; i < 20; ++i) archive.add_study();
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(ask(served, part_near(archive.rows().row(0)), all_of_them()).found.size(), 21U);
}

TEST(Served, ASearchThatIsAskedToStopEndsAndTheNextOneDoesNot) {
  Growing archive;
  for (int i = 0; i < 3; ++i) archive.add_study();
  Served served(archive.folder(), 1);
  std::stop_source stop;
  stop.request_stop();
  SearchOptions options = all_of_them();
  options.stop = stop.get_token();
  const QueryPart part = part_near(archive.rows().row(0));
  test::expect_error(Code::kInternal, {"stopped"}, [&] { ask(served, part, options); });
  EXPECT_EQ(ask(served, part, all_of_them()).found.size(), 3U);
}

TEST(Served, SearchesGoOnBesideWhatTakesLongOfWhichThereIsOneAtATime) {
  Growing archive;
  for (int i = 0; i < 3; ++i) archive.add_study();
  Served served(archive.folder(), 1);
  std::atomic<int> judging = 0;
  std::atomic<int> faults = 0;
  const auto judge = [&] {
    served.judge([&](Reader& reader, base::ThreadPool&) {
      if (++judging != 1 || reader.rows().empty()) ++faults;
      std::thread beside([&] {
        if (ask(served, part_near(archive.rows().row(0)), all_of_them()).found.size() != 3) ++faults;
        served.look([](Reader&) {});
      });
      beside.join();
      --judging;
    });
  };
  std::thread other(judge);
  judge();
  other.join();
  EXPECT_EQ(faults, 0);
}

TEST(Served, WhoeverWritesHereWaitsForTheOtherAndAnotherProcessIsReported) {
  Growing archive;
  archive.add_study();
  Served served(archive.folder(), 1);
  test::expect_error(Code::kOverloaded, {"another process"}, [&] { served.write([](Writer&) {}); });
  archive.close();
  std::atomic<int> writing = 0;
  std::atomic<int> faults = 0;
  const auto write = [&] {
    for (int i = 0; i < 5; ++i) {
      served.write([&](Writer& writer) {
        if (++writing != 1 || writer.catalog().rows() == 0) ++faults;
        --writing;
      });
    }
  };
  std::thread other(write);
  write();
  other.join();
  EXPECT_EQ(faults, 0);
}

TEST(Served, WhatIsErasedLeavesTheLogAndNoReaderTripsOverIt) {
  Growing archive;
  for (int i = 0; i < 4; ++i) archive.add_study();
  archive.close();
  Served served(archive.folder(), 1);
  const QueryPart part = part_near(archive.rows().row(0));
  EXPECT_EQ(ask(served, part, all_of_them()).found.size(), 4U);
  const RemovedStudy removed = served.remove_study(Growing::uid(0), std::nullopt, true);
  EXPECT_EQ(removed.images, kSlices);
  EXPECT_TRUE(removed.clean);
  const SearchAnswer after = ask(served, part, all_of_them());
  EXPECT_EQ(after.found.size(), 3U);
  EXPECT_GT(after.excluded.deleted, 0U);
  test::expect_error(Code::kNotFound, {"no study"},
                     [&] { static_cast<void>(served.remove_study(Growing::uid(0), std::nullopt, false)); });
}

TEST(Served, OfWhatMayNotBeSeenNothingIsFoundCountedOrRemoved) {
  Growing archive;
  for (int i = 0; i < 6; ++i) archive.add_study();
  archive.close();
  Served served(archive.folder(), 1);
  SearchOptions options = all_of_them();
  options.visible = filter::parse("modality=CT");
  const QueryPart part = part_near(archive.rows().row(0));
  const SearchAnswer seen = ask(served, part, options);
  EXPECT_EQ(seen.found.size(), 3U);
  EXPECT_EQ(seen.searched, 3 * kSlices);
  EXPECT_EQ(seen.excluded.filter + seen.excluded.deleted + seen.excluded.other_patients, 0U);
  EXPECT_THROW(static_cast<void>(served.remove_study(Growing::uid(1), options.visible, false)), Error);
  EXPECT_EQ(ask(served, part, all_of_them()).found.size(), 6U);
  options.where = filter::parse("modality=MR");
  EXPECT_EQ(ask(served, part, options).excluded.filter, 3 * kSlices);
  // What was erased had a modality once; nothing says which.
  static_cast<void>(served.remove_study(Growing::uid(1), std::nullopt, true));
  options.where.reset();
  options.visible = filter::parse("not modality=MR");
  EXPECT_EQ(ask(served, part, options).excluded.deleted, 0U);
  EXPECT_EQ(ask(served, part, all_of_them()).excluded.deleted, kSlices + 1);
}

TEST(Served, AFilterByPathFindsAFileThatWasMoved) {
  Growing archive;
  archive.add_study();
  Served served(archive.folder(), 1);
  SearchOptions options = all_of_them();
  options.where = filter::parse("path~elsewhere");
  const QueryPart part = part_near(archive.rows().row(0));
  EXPECT_EQ(ask(served, part, options).searched, 0U);
  archive.move_first("elsewhere/0-0.dcm");
  EXPECT_EQ(ask(served, part, options).searched, 1U);
}

TEST(Served, AWarningOfACrowdIsOfThePatientWhoIsLeftOut) {
  Growing archive;
  for (std::size_t i = 0; i < 40; ++i) archive.add_study(i < 4 ? std::size_t{0} : i);
  archive.close();
  Served served(archive.folder(), 1);
  const auto crowded = [&](std::size_t study) {
    SearchAnswer answer;
    served.search([&](Reader& reader, base::ThreadPool& pool) {
      const QueryPart part = part_of_study(reader, Growing::uid(study));
      answer = search(reader, std::span(&part, 1), all_of_them(), pool);
    });
    EXPECT_EQ(answer.excluded.same_patient, study < 4 ? 4 * kSlices : kSlices);
    return answer.crowded_patient;
  };
  EXPECT_TRUE(crowded(1));
  EXPECT_FALSE(crowded(20));
}

TEST(Served, AFilterMayHaveAsManyDatesAsValues) {
  Growing archive;
  archive.add_study();
  archive.close();
  Served served(archive.folder(), 1);
  SearchOptions options = all_of_them();
  std::string dates = "date in (2020";
  for (int i = 1; i < 1000; ++i) dates += ",2020";
  options.where = filter::parse(dates + ")");
  EXPECT_EQ(ask(served, part_near(archive.rows().row(0)), options).excluded.filter, kSlices);
}

TEST(Served, PagesOfASnapshotDoNotMoveWhenStudiesAreAdded) {
  Growing archive;
  for (int i = 0; i < 9; ++i) archive.add_study();
  Served served(archive.folder(), 1);
  const QueryPart part = part_near(archive.rows().text_query(3));
  const SearchAnswer whole = ask(served, part, all_of_them());
  SearchOptions options;
  options.k = 4;
  options.paged = true;
  std::vector<std::string> pages;
  for (SearchAnswer page = ask(served, part, options);; page = ask(served, part, options)) {
    for (const Found& found : page.found) pages.push_back(found.item.study_uid);
    EXPECT_EQ(page.snapshot, whole.snapshot);
    if (!page.more) break;
    archive.add_study();
    options.at = page.snapshot;
    options.shown = pages.size();
    options.after = After{page.found.back().score, page.found.back().item.row};
  }
  std::vector<std::string> wanted;
  for (const Found& found : whole.found) wanted.push_back(found.item.study_uid);
  EXPECT_EQ(pages, wanted);
}

TEST(PageOfItems, GivesEachLiveItemOnceWhateverFitsAPage) {
  Growing archive;
  for (int i = 0; i < 5; ++i) archive.add_study();
  archive.close();
  Served served(archive.folder(), 1);
  ASSERT_EQ(served.remove_study(Growing::uid(1), std::nullopt, false).images, kSlices);
  const auto rows_of = [&](const std::optional<filter::Expr>& where, bool series, std::size_t most) {
    std::vector<std::uint64_t> rows;
    served.look([&](Reader& reader) {
      ItemPage page;
      page.next = 0;
      while (page.next) {
        page = page_of_items(reader, where, series, *page.next, most);
        EXPECT_LE(page.items.size(), most);
        for (const ItemFacts& item : page.items) {
          EXPECT_EQ(item.kind, series ? "series" : "frame");
          EXPECT_NE(item.study_uid, Growing::uid(1));
          rows.push_back(item.row);
        }
      }
    });
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
    return rows;
  };
  for (const std::size_t most : {std::size_t{1}, kSlices, 4 * kSlices, std::size_t{1000}}) {
    EXPECT_EQ(rows_of(std::nullopt, false, most).size(), 4 * kSlices);
    EXPECT_EQ(rows_of(filter::parse("modality=CT"), false, most).size(), 3 * kSlices);
    EXPECT_EQ(rows_of(filter::parse("modality=US"), false, most).size(), 0U);
    EXPECT_EQ(rows_of(std::nullopt, true, most).size(), 4U);
  }
}

TEST(Search, WithoutAnythingToSearchForIsRefused) {
  Growing archive;
  archive.add_study();
  archive.close();
  Served served(archive.folder(), 1);
  QueryPart away = part_near(archive.rows().row(0));
  away.weight = -1;
  test::expect_error(Code::kBadArgument, {"got none"}, [&] { static_cast<void>(ask(served, away, all_of_them())); });
}

TEST(KnownSubjects, AreThoseOfThePatientAndOfTheObject) {
  Growing archive;
  archive.add_study();
  archive.close();
  Reader reader(archive.folder());
  EXPECT_TRUE(known_subjects(reader, {}).empty());
  EXPECT_TRUE(known_subjects(reader, {std::string(64, 'f'), "1.2.3", {}, {}}).empty());
  const std::string sop_uid = Growing::uid(0) + ".1.0";
  const ObjectNames names{fmt::format("{:064}", 0), sop_uid, {}, {}};
  const std::vector<Subject> both = known_subjects(reader, names);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].patient, both[1].patient);
  EXPECT_NE(both[1].study, 0);
  EXPECT_NE(both[1].instance, 0);
  const filter::Expr shown = filter::parse("modality=CT");
  EXPECT_EQ(known_subjects(reader, names, &shown).size(), 2U);
  // Of an object that may not be seen nothing is known, of the patient who is named all the same.
  const filter::Expr hidden = filter::parse("modality=MR");
  EXPECT_EQ(known_subjects(reader, names, &hidden).size(), 1U);
}

TEST(Served, AnotherArchiveInItsPlaceIsRefused) {
  Growing archive;
  archive.add_study();
  archive.close();
  Served served(archive.folder(), 1);
  std::filesystem::remove_all(archive.folder());
  const auto look = [&] { served.look([](Reader&) {}); };
  test::expect_error(Code::kBadFile, {}, look);
  static_cast<void>(Writer::create(archive.folder(), kWidth, space_of("def", "raw")));
  test::expect_error(Code::kBadFile, {"another one"}, look);
}

TEST(Reader, KeepsCodesWithTheTimeThatTheirRowsHaveNow) {
  Growing archive;
  archive.add_study();
  archive.close();
  base::ThreadPool pool(1);
  const auto codes_after_a_search = [&] {
    Reader reader(archive.folder());
    static_cast<void>(reader.scan(pool));
    return test::read_back(codes_file(archive.folder(), 1));
  };
  const std::string before = codes_after_a_search();
  const std::filesystem::path rows = segment_file(archive.folder(), 1);
  std::filesystem::last_write_time(rows, std::filesystem::last_write_time(rows) + std::chrono::hours(1));
  const std::string after = codes_after_a_search();
  EXPECT_NE(after, before);
  EXPECT_EQ(codes_after_a_search(), after);
}

TEST(OptionsOf, PrepareImagesAsTheSpaceSays) {
  for (const char* profile : {"raw", "azure", "toolkit", "mcp"}) {
    Space space = space_of("abc", profile);
    space.windows = "lung";
    space.intensity = "minmax";
    space.plane = "coronal";
    const ImageOptions options = options_of(space, ImageOptions{});
    EXPECT_EQ(name_of(options.profile), profile);
    EXPECT_EQ(to_string(options.window.value()), "lung");
    EXPECT_EQ(to_string(options.intensity), "minmax");
    EXPECT_EQ(name_of(options.plane.value()), "coronal");
  }
  Space space = space_of("abc", "azure");
  space.profile = "azure 256 90";
  EXPECT_EQ(options_of(space, ImageOptions{}).azure_size, 256);
  EXPECT_EQ(options_of(space, ImageOptions{}).azure_quality, 90);
  for (const char* profile : {"azure", "azure 512", "azure 512 75 9", "later", ""}) {
    space.profile = profile;
    EXPECT_THROW(static_cast<void>(options_of(space, ImageOptions{})), Error) << profile;
  }
}

}  // namespace
}  // namespace mi2::archive
