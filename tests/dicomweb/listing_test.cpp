// Every study of servers that cap their answers, ignore what they are asked, or have more than anybody asks for at
// once.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicomweb/listing.hpp"
#include "support/expect_error.hpp"

namespace mi2::dicomweb {
namespace {

struct Traps {
  std::size_t page_cap = 1U << 30U;   ///< rows of a page
  std::size_t total_cap = 1U << 30U;  ///< rows of a query
  bool ignores_offset = false;
  bool ignores_date = false;
  bool no_empty_dates = false;  ///< a study without a date is found by no date
  bool rows_move = false;       ///< a page begins with the last row of the one before
};

/// Studies over `days` days from 2020-01-01, a month having 28 of them.
std::vector<StudyRow> studies(std::size_t count, std::size_t days) {
  std::vector<StudyRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t day = i % days;
    rows.push_back({fmt::format("1.2.{}", i),
                    fmt::format("{}{:02}{:02}", 2020 + day / 336, 1 + day / 28 % 12, 1 + day % 28),
                    {},
                    std::nullopt});
  }
  return rows;
}

class FakeServer {
 public:
  FakeServer(std::vector<StudyRow> rows, const Traps& traps) : rows_(std::move(rows)), traps_(traps) {}

  Page<StudyRow> ask(const std::optional<std::string>& date, std::size_t limit, std::size_t offset) {
    ++requests;
    std::vector<StudyRow> found;
    for (const StudyRow& row : rows_) {
      const bool nothing = traps_.no_empty_dates && row.date.empty() && date && !date->empty();
      if (nothing) continue;
      if (!date || date->empty() || traps_.ignores_date || matches(row.date, *date)) found.push_back(row);
    }
    found.resize(std::min(found.size(), traps_.total_cap));
    if (traps_.ignores_offset) offset = 0;
    if (traps_.rows_move && offset > 0) --offset;
    Page<StudyRow> page;
    const std::size_t end = std::min(found.size(), offset + std::min(limit, traps_.page_cap));
    for (std::size_t i = offset; i < end; ++i) page.rows.push_back(found[i]);
    page.size = page.rows.size();
    return page;
  }

  std::size_t requests = 0;

 private:
  static bool matches(const std::string& day, const std::string& date) {
    if (date == "\"\"") return day.empty();
    const std::size_t dash = date.find('-');
    const std::string first = date.substr(0, dash);
    const std::string last = dash == std::string::npos ? first : date.substr(dash + 1);
    return first <= day && day <= last;
  }

  std::vector<StudyRow> rows_;
  Traps traps_;
};

Listing list(FakeServer& server, const Filter& filter = {}) {
  return list_studies([&](const std::optional<std::string>& date, std::size_t limit,
                          std::size_t offset) { return server.ask(date, limit, offset); },
                      filter, {});
}

void expect_all(std::size_t count, std::size_t days, const Traps& traps, std::size_t most_requests) {
  FakeServer server(studies(count, days), traps);
  const Listing found = list(server);
  std::set<std::string> uids;
  for (const StudyRow& row : found.studies) uids.insert(row.uid);
  EXPECT_EQ(uids.size(), count);
  EXPECT_EQ(found.studies.size(), count);
  EXPECT_TRUE(found.doubtful.empty());
  EXPECT_LE(server.requests, most_requests);
}

TEST(ListStudies, FindsThemByPages) {
  expect_all(0, 1, {}, 1);
  expect_all(25, 12, {}, 2);
  expect_all(1234, 300, {}, 4);
}

TEST(ListStudies, FindsMoreThanAWindowHolds) { expect_all(20'000, 3000, {}, 400); }

TEST(ListStudies, FindsThemWhateverTheServerDoes) {
  Traps short_pages;
  short_pages.page_cap = 10;
  expect_all(95, 30, short_pages, 12);
  for (const std::size_t cap : {std::size_t{100}, std::size_t{1000}}) {
    Traps capped;
    capped.total_cap = cap;
    expect_all(5000, 1000, capped, 600);
  }
  Traps one_page;
  one_page.ignores_offset = true;
  expect_all(25, 12, one_page, 60);
  one_page.page_cap = 12;
  expect_all(400, 300, one_page, 400);
  Traps no_dates;
  no_dates.ignores_date = true;
  expect_all(3000, 300, no_dates, 40);
  Traps moving;
  moving.rows_move = true;
  expect_all(1200, 300, moving, 10);
}

TEST(ListStudies, SaysWhatItCannotKnow) {
  Traps capped;
  capped.total_cap = 100;
  FakeServer one_day(studies(150, 1), capped);
  const Listing found = list(one_day);
  EXPECT_EQ(found.studies.size(), 100U);
  EXPECT_EQ(found.doubtful, std::vector<std::string>{"20200101"});
  capped.ignores_date = true;
  FakeServer no_dates(studies(150, 30), capped);
  EXPECT_EQ(list(no_dates).doubtful, std::vector<std::string>{""});
}

TEST(ListStudies, FindsThoseWithoutADateBehindACap) {
  std::vector<StudyRow> rows = studies(250, 100);
  rows.push_back({"1.3", "", {}, std::nullopt});
  Traps capped;
  capped.total_cap = 100;
  FakeServer server(rows, capped);
  const Listing found = list(server);
  EXPECT_EQ(found.studies.size(), 251U);
  EXPECT_EQ(what_lacks(found), "");
}

TEST(ListStudies, SaysThatThoseWithoutADateMayBeMissing) {
  std::vector<StudyRow> rows = studies(250, 100);
  rows.push_back({"1.3", "", {}, std::nullopt});
  Traps capped;
  capped.total_cap = 100;
  capped.no_empty_dates = true;
  FakeServer hidden(rows, capped);
  const Listing found = list(hidden);
  EXPECT_EQ(found.studies.size(), 250U);
  EXPECT_FALSE(found.undated);
  EXPECT_THAT(what_lacks(found), ::testing::HasSubstr("studies without a date may be missing"));
  EXPECT_TRUE(list(hidden, {"19000101", "", {}}).undated) << "they are not wanted";
  Traps one_page;
  one_page.ignores_offset = true;
  one_page.no_empty_dates = true;
  one_page.page_cap = 12;
  FakeServer first_rows(rows, one_page);
  EXPECT_FALSE(list(first_rows).undated);
  one_page.page_cap = 1U << 30U;
  FakeServer whole(rows, one_page);
  EXPECT_TRUE(list(whole).undated);
}

TEST(ListStudies, FindsThoseWithoutADateBehindMoreThanAWindow) {
  std::vector<StudyRow> rows = studies(3000, 300);
  rows.push_back({"1.3", "", {}, std::nullopt});
  Traps none_by_date;
  none_by_date.no_empty_dates = true;
  FakeServer server(rows, none_by_date);
  const Listing found = list(server);
  EXPECT_EQ(found.studies.size(), 3001U);
  EXPECT_TRUE(found.undated);
}

TEST(ListStudies, AppliesTheFilterAgain) {
  std::vector<StudyRow> rows = studies(28, 28);
  rows[4].modalities = {"MR", "SR"};
  rows[5].modalities = {"CT", "SR"};
  rows.push_back({"1.3", "", {}, std::nullopt});
  Traps no_dates;
  no_dates.ignores_date = true;
  FakeServer server(rows, no_dates);
  const Filter filter{"20200105", "20200107", {"CT"}};
  const Listing found = list(server, filter);
  ASSERT_EQ(found.studies.size(), 2U);  // of the second of them nobody knows
  EXPECT_EQ(found.studies[0].date, "20200106");
  EXPECT_EQ(found.studies[1].date, "20200107");
}

TEST(ListStudies, EndsWithAServerThatNeverDoes) {
  std::size_t next = 0;
  const AskStudies endless = [&](const std::optional<std::string>&, std::size_t limit, std::size_t) {
    Page<StudyRow> page;
    for (std::size_t i = 0; i < limit; ++i) page.rows.push_back({fmt::format("1.{}", next++), "", {}, std::nullopt});
    page.size = page.rows.size();
    return page;
  };
  test::expect_error(Code::kTooLarge, {"studies"}, [&] { static_cast<void>(list_studies(endless, {}, {})); });
}

}  // namespace
}  // namespace mi2::dicomweb
