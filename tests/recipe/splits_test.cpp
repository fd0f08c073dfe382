#include <map>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "recipe/stages.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::recipe {
namespace {

/// `per_label` images of each label, each patient with `each` of them in turn.
Rows images_of(const std::map<std::string, int>& per_label, int each) {
  Rows rows;
  const std::size_t id = rows.column("id");
  const std::size_t label = rows.column("label");
  const std::size_t patient = rows.column("patient");
  const std::uint32_t source = rows.source("table");
  int number = 0;
  for (const auto& [name, count] : per_label) {
    for (int i = 0; i < count; ++i, ++number) {
      Row& row = rows.add(source, static_cast<std::size_t>(number) + 1);
      row.fields[id] = fmt::format("{:04}", number);
      row.fields[label] = name;
      row.fields[patient] = fmt::format("P{}", number / each);
    }
  }
  return rows;
}

std::map<std::string, std::map<std::string, int>> drawn(const SplitRule& rule, std::uint64_t seed, Rows& rows) {
  const test::TemporaryFolder folder;
  const Listing files(folder.path());
  Notes notes;
  split_rows(rule, files, seed, rows, notes);
  std::map<std::string, std::map<std::string, int>> found;
  for (const Row& row : rows.all()) ++found[row.fields[rows.need("label")]][row.fields[rows.need("split")]];
  return found;
}

SplitRule tenth() {
  SplitRule rule;
  rule.drawn = {{"test", 0.1}};
  rule.of = "label";
  return rule;
}

TEST(Splits, GiveEveryLabelItsShareAsTheRuleRounds) {
  const std::map<std::string, int> counts{{"BCC", 845}, {"ACK", 730}, {"NEV", 244},
                                          {"SEK", 235}, {"SCC", 192}, {"MEL", 52}};
  SplitRule rule = tenth();
  rule.round = SplitRule::Round::kUp;
  Rows rows = images_of(counts, 2);
  const auto found = drawn(rule, 0, rows);
  int test = 0;
  for (const auto& [label, splits] : found) test += splits.at("test");
  EXPECT_EQ(test, 233);  // as published of PAD-UFES-20: 85 + 73 + 25 + 24 + 20 + 6
  EXPECT_EQ(found.at("ACK").at("test"), 73) << "a tenth of 730 is whole, though not in binary";
}

TEST(Splits, KeepPatientsTogetherNearTheSharesAsked) {
  SplitRule rule = tenth();
  rule.drawn = {{"test", 0.2}, {"val", 0.1}};
  rule.together = "patient";
  Rows rows = images_of({{"a", 300}, {"b", 100}}, 7);
  const auto found = drawn(rule, 5, rows);
  EXPECT_NEAR(found.at("a").at("test"), 60, 7);
  EXPECT_NEAR(found.at("a").at("val"), 30, 7);
  EXPECT_NEAR(found.at("b").at("test"), 20, 7);
  std::map<std::string, std::set<std::string>> splits;
  for (const Row& row : rows.all()) splits[row.fields[rows.need("patient")]].insert(row.fields[rows.need("split")]);
  for (const auto& [patient, in] : splits) EXPECT_EQ(in.size(), 1U) << patient;
  EXPECT_EQ(find_leaks("patient", rows).in_several, 0U);
}

TEST(Splits, CountPatientsOnBothSides) {
  Rows rows = images_of({{"a", 100}}, 10);
  SplitRule rule = tenth();
  rule.drawn = {{"test", 0.5}};
  static_cast<void>(drawn(rule, 1, rows));
  rows.all().front().fields[rows.need("patient")].clear();
  const Leaks leaks = find_leaks("patient", rows);
  EXPECT_EQ(leaks.column, "patient");
  EXPECT_EQ(leaks.groups, 10U);
  EXPECT_GE(leaks.in_several, 8U);
  EXPECT_EQ(leaks.unnamed, 1U);
}

}  // namespace
}  // namespace mi2::recipe
