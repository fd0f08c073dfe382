// The exact search, against one that compares everything in f64.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/brute_force.hpp"
#include "archive/scan/block_memory.hpp"
#include "archive/scan/scan.hpp"
#include "archive/series_rows.hpp"
#include "base/hash.hpp"
#include "ops/cpu/isa.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive::scan {
namespace {

using test::SeriesRows;

Bitmap random_bitmap(std::size_t size, double share, std::mt19937& random) {
  std::bernoulli_distribution yes(share);
  Bitmap bits(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (yes(random)) bits.set(i);
  }
  return bits;
}

/// One call with everything at random, against brute force.
void try_at_random(const SeriesRows& rows, const Scan& scan, unsigned seed) {
  std::mt19937 random(seed);
  const auto one_of = [&](auto... values) {
    const std::array list{values...};
    return list[random() % list.size()];
  };
  const std::size_t count = rows.count();
  const Bitmap allowed = random_bitmap(count, one_of(0.0, 0.001, 0.01, 0.25, 0.9, 1.0), random);
  const Bitmap deleted = random_bitmap(count, one_of(0.01, 0.5), random);
  Scope scope;
  if (random() % 4 != 0) scope.allowed = &allowed;
  if (random() % 2 == 0) scope.deleted = &deleted;
  if (random() % 4 == 0) scope.rows = random() % count;
  if (random() % 3 != 0) scope.groups = random() % 2 == 0 ? rows.study : rows.patient;
  scope.owners = rows.patient;
  std::vector<Query> queries(one_of(std::size_t{1}, std::size_t{3}, std::size_t{6}, std::size_t{70}));
  for (Query& query : queries) {
    const std::size_t near = random() % count;
    query.vector = random() % 2 == 0 ? rows.image_query(near, static_cast<unsigned>(random()))
                                     : rows.text_query(static_cast<unsigned>(random()));
    query.k = one_of(std::size_t{1}, std::size_t{2}, std::size_t{10}, std::size_t{100}, std::size_t{5000});
    if (random() % 2 == 0) query.excluded_owners.push_back(rows.patient[near]);
    if (random() % 4 == 0) query.excluded_owners.insert(query.excluded_owners.end(), {7, 3, 1000000});
  }
  base::ThreadPool pool(one_of(1U, 3U));
  const std::vector<Answer> answers = scan.search(queries, scope, pool);
  ASSERT_EQ(answers.size(), queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    EXPECT_TRUE(same(answers[q], brute_force(rows, queries[q], scope))) << "seed " << seed << ", query " << q;
  }
}

class ScanOf : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ScanOf, FindsWhatComparingEverythingFinds) {
  const std::size_t dimensions = GetParam();
  const SeriesRows rows(60, 33, dimensions, static_cast<unsigned>(dimensions));
  const Scan whole = scan_of(rows);
  const Scan parted = scan_of(rows, {1, 70, 70, 1200, rows.count()});
  for (unsigned seed = 0; seed < 6; ++seed) {
    try_at_random(rows, whole, seed);
    try_at_random(rows, parted, 100 + seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Dimensions, ScanOf, ::testing::Values(1, 3, 64, 100, 128));

TEST(Scan, FindsTheSameOnEveryInstructionSet) {
  const SeriesRows rows(60, 33, 100, 1);
  const Scan scan = scan_of(rows);
  const char* const before = std::getenv("MI2_ISA");
  const std::optional<std::string> chosen = before == nullptr ? std::nullopt : std::optional<std::string>(before);
  const ops::cpu::Isa best = ops::cpu::choose_isa();
  for (const ops::cpu::Isa isa : ops::cpu::kIsas) {
    if (isa > best) continue;
    ::setenv("MI2_ISA", std::string(ops::cpu::name_of(isa)).c_str(), 1);
    for (unsigned seed = 200; seed < 203; ++seed) try_at_random(rows, scan, seed);
  }
  if (chosen) {
    ::setenv("MI2_ISA", chosen->c_str(), 1);
  } else {
    ::unsetenv("MI2_ISA");
  }
}

TEST(Scan, AnArchiveInMiniatureNeedsFewRowsComputedAgain) {
  const SeriesRows rows(300, 33, 256, 5);
  const Scan scan = scan_of(rows);
  base::ThreadPool pool(2);
  Scope scope;
  scope.groups = rows.study;
  scope.owners = rows.patient;
  std::vector<Query> queries;
  for (unsigned i = 0; i < 10; ++i) {
    queries.push_back({rows.image_query(i * 900, i), 10, {rows.patient[i * 900]}});
    queries.push_back({rows.text_query(i), 10, {}});
  }
  const std::vector<Answer> answers = scan.search(queries, scope, pool);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    EXPECT_TRUE(same(answers[q], brute_force(rows, queries[q], scope))) << q;
    EXPECT_EQ(answers[q].hits.size(), 10U);
    EXPECT_LT(answers[q].reranked, rows.count() / 4);
  }
}

TEST(Scan, TheNumberOfThreadsChangesNothing) {
  const SeriesRows rows(100, 33, 64, 6);
  const Scan scan = scan_of(rows, {1000, rows.count()});
  std::vector<Query> queries;
  for (unsigned i = 0; i < 9; ++i) queries.push_back({rows.image_query(i * 100, i), 20, {}});
  base::ThreadPool alone(1);
  for (const std::size_t taken : {std::size_t{1}, queries.size()}) {
    const std::span<const Query> some = std::span(queries).first(taken);
    const std::vector<Answer> wanted = scan.search(some, {}, alone);
    for (const unsigned threads : {2U, 5U}) {
      base::ThreadPool pool(threads);
      const std::vector<Answer> answers = scan.search(some, {}, pool);
      for (std::size_t q = 0; q < taken; ++q) {
        EXPECT_TRUE(same(answers[q], wanted[q]));
        EXPECT_EQ(answers[q].reranked, wanted[q].reranked);
      }
    }
  }
}

TEST(Scan, AnswersDoNotDependOnTheOtherQueries) {
  const SeriesRows rows(100, 33, 64, 7);
  const Scan scan = scan_of(rows);
  base::ThreadPool pool(2);
  std::vector<Query> queries;
  for (unsigned i = 0; i < 130; ++i) queries.push_back({rows.text_query(i), 1 + i % 7, {}});
  const std::vector<Answer> together = scan.search(queries, {}, pool);
  for (std::size_t q = 0; q < queries.size(); q += 13) {
    EXPECT_TRUE(same(together[q], scan.search(std::span(queries).subspan(q, 1), {}, pool).front())) << q;
  }
}

TEST(Scan, SearchesAtTheSameTimeDoNotDisturbEachOther) {
  const SeriesRows rows(60, 33, 64, 8);
  const Scan scan = scan_of(rows);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] { try_at_random(rows, scan, 300 + t); });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Scan, WhereThereIsNothingNothingIsFound) {
  base::ThreadPool pool(2);
  const SeriesRows rows(3, 3, 4, 1);
  const Query query{rows.text_query(1), 3, {}};
  EXPECT_TRUE(Scan(std::vector<Segment>{}).search(std::span(&query, 1), {}, pool).front().hits.empty());
  const Scan scan = scan_of(rows, {0, 9, 9});
  EXPECT_EQ(scan.search(std::span(&query, 1), {}, pool).front().hits.size(), 3U);
  EXPECT_TRUE(scan.search({}, {}, pool).empty());
  const Bitmap none(9);
  Scope scope;
  scope.allowed = &none;
  const Answer answer = scan.search(std::span(&query, 1), scope, pool).front();
  EXPECT_TRUE(answer.hits.empty());
  EXPECT_EQ(answer.counts.excluded_filter, 9U);
  EXPECT_TRUE(answer.exact);
}

TEST(Scan, BadQueriesAndScopesAreRefused) {
  const SeriesRows rows(3, 3, 4, 1);
  const Scan scan = scan_of(rows);
  base::ThreadPool pool(1);
  const auto refused = [&](const Query& query, const Scope& scope, const std::string& word) {
    test::expect_error(Code::kBadArgument, {word},
                       [&] { static_cast<void>(scan.search(std::span(&query, 1), scope, pool)); });
  };
  const std::vector<float> good = rows.text_query(1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  refused({good, 0, {}}, {}, "k");
  refused({{1, 0, 0}, 1, {}}, {}, "4 dimensions");
  refused({{0, 0, 0, 0}, 1, {}}, {}, "length 1");
  refused({{2, 0, 0, 0}, 1, {}}, {}, "length 1");
  refused({{nan, 0, 0, 1}, 1, {}}, {}, "length 1");
  refused({{std::numeric_limits<float>::infinity(), 0, 0, 1}, 1, {}}, {}, "length 1");
  const Bitmap few(8);
  Scope scope;
  scope.allowed = &few;
  refused({good, 1, {}}, scope, "allowed");
  scope = {};
  scope.deleted = &few;
  refused({good, 1, {}}, scope, "deleted");
  scope = {};
  scope.groups = std::span(rows.study).first(8);
  refused({good, 1, {}}, scope, "groups");
  scope = {};
  refused({good, 1, {2}}, scope, "owners");
  scope.rows = 8;
  scope.allowed = &few;
  EXPECT_EQ(scan.search(std::vector<Query>{{good, 1, {}}}, scope, pool).front().counts.excluded_filter, 8U);
  test::expect_error(Code::kBadArgument, {"codes"}, [&] { Scan(std::vector<Segment>{{rows.rows.data(), nullptr}}); });
}

TEST(Scan, StopsWhenItIsAsked) {
  const SeriesRows rows(3, 3, 4, 1);
  const Scan scan = scan_of(rows);
  base::ThreadPool pool(2);
  std::stop_source stop;
  stop.request_stop();
  const Query query{rows.text_query(1), 1, {}};
  test::expect_error(Code::kInternal, {"stopped"},
                     [&] { static_cast<void>(scan.search(std::span(&query, 1), {}, pool, stop.get_token())); });
}

}  // namespace
}  // namespace mi2::archive::scan
