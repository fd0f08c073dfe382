// Which records and captions an epoch draws.

#include "dataset/sampling.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"
#include "support/expect_error.hpp"

namespace mi2::dataset::testing {
namespace {

using test::expect_error;
using test::TemporaryFolder;

/// A manifest of rows "label,patient", whose images are not there.
DataSource labelled(const TemporaryFolder& folder, const std::string& name,
                    const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string csv = "file,label,patient\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    csv += fmt::format("{}{}.png,{},{}\n", name, r, rows[r].first, rows[r].second);
  }
  DataSource source;
  source.path = folder.write(name + ".csv", csv);
  return source;
}

/// How often epochs draw each record.
std::vector<double> draws(const Dataset& dataset, const std::shared_ptr<const std::vector<double>>& shares,
                          std::size_t epochs, std::uint64_t seed = 3) {
  PlanOptions options;
  options.seed = seed;
  options.shares = shares;
  const BatchPlan plan(dataset.size(), options);
  std::vector<double> counts(dataset.size());
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = plan.order(epoch);
    for (const std::uint32_t record : *order) counts[record] += 1.0 / static_cast<double>(epochs);
  }
  return counts;
}

std::vector<std::pair<std::string, std::string>> uneven() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (int i = 0; i < 80; ++i) rows.emplace_back("common", fmt::format("p{}", i / 40));
  for (int i = 0; i < 16; ++i) rows.emplace_back("rare", fmt::format("q{}", i));
  for (int i = 0; i < 4; ++i) rows.emplace_back("rarest", "q0");
  return rows;
}

TEST(Sampling, WithoutWeightsThereIsNoneAndTheOrderIsAsBefore) {
  const TemporaryFolder folder;
  const std::vector<DataSource> sources{labelled(folder, "a", uneven())};
  EXPECT_EQ(sampling_shares(*dataset_of(sources), sources, Balance::kNone), nullptr);
}

TEST(Sampling, SourcesAreDrawnByWeightWhateverTheirSize) {
  const TemporaryFolder folder;
  std::vector<DataSource> sources{labelled(folder, "a", uneven()), labelled(folder, "b", {{"x", ""}, {"y", ""}})};
  sources[0].weight = 1;
  sources[1].weight = 3;
  const auto dataset = dataset_of(sources);
  const std::vector<double> counts = draws(*dataset, sampling_shares(*dataset, sources, Balance::kNone), 400);
  double small = 0;
  for (std::size_t r = 0; r < counts.size(); ++r) {
    if (dataset->source_of(r) == 1) small += counts[r];
  }
  EXPECT_NEAR(small, 0.75 * 102, 0.5);
  for (std::size_t r = 0; r < 100; ++r) EXPECT_NEAR(counts[r], 0.255, 0.1);
}

TEST(Sampling, LabelsAreDrawnEquallyOften) {
  const TemporaryFolder folder;
  const std::vector<DataSource> sources{labelled(folder, "a", uneven())};
  const auto dataset = dataset_of(sources);
  const auto shares = sampling_shares(*dataset, sources, Balance::kLabel);
  std::map<std::int64_t, double> of_label;
  const std::vector<double> counts = draws(*dataset, shares, 300);
  for (std::size_t r = 0; r < counts.size(); ++r) of_label[dataset->class_of(r)] += counts[r];
  for (const auto& [label, count] : of_label) EXPECT_NEAR(count, 100.0 / 3, 0.3) << label;
  // One epoch already is within a place of a record's share.
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const std::vector<double> once = draws(*dataset, shares, 1, seed);
    for (std::size_t r = 96; r < 100; ++r) EXPECT_THAT(once[r], ::testing::AnyOf(8, 9));
    for (std::size_t r = 0; r < 80; ++r) EXPECT_LE(once[r], 1);
  }
}

TEST(Sampling, PatientsAreDrawnEquallyOftenAndRecordsOfNobodyAreOnesOfTheirOwn) {
  const TemporaryFolder folder;
  const std::vector<DataSource> sources{
      labelled(folder, "a", {{"x", "p"}, {"x", "p"}, {"x", "p"}, {"x", "q"}, {"x", ""}, {"x", ""}})};
  const auto dataset = dataset_of(sources);
  const std::vector<double> counts = draws(*dataset, sampling_shares(*dataset, sources, Balance::kGroup), 600);
  EXPECT_NEAR(counts[0] + counts[1] + counts[2], 1.5, 0.1);
  for (std::size_t r = 0; r < 3; ++r) EXPECT_NEAR(counts[r], 0.5, 0.1);
  for (std::size_t r = 3; r < 6; ++r) EXPECT_NEAR(counts[r], 1.5, 0.1);
}

TEST(Sampling, AnEpochIsAFunctionOfSeedAndEpochAndProcessesShareIt) {
  const TemporaryFolder folder;
  const std::vector<DataSource> sources{labelled(folder, "a", uneven())};
  const auto dataset = dataset_of(sources);
  PlanOptions options;
  options.shares = sampling_shares(*dataset, sources, Balance::kLabel);
  options.batch = 4;
  const BatchPlan one(100, options);
  options.world = 5;
  options.rank = 2;
  const BatchPlan other(100, options);
  EXPECT_EQ(*one.order(7), *other.order(7));
  EXPECT_NE(*one.order(7), *one.order(8));
  EXPECT_EQ(one.batches(), 25U);
  EXPECT_EQ(other.batches(), 5U);
}

TEST(Sampling, WhatCannotBeDrawnIsRefused) {
  const TemporaryFolder folder;
  std::vector<DataSource> sources{labelled(folder, "a", {{"x", ""}}), labelled(folder, "b", {{"x", ""}})};
  const auto dataset = dataset_of(sources);
  expect_error(Code::kBadArgument, {"no record says whose it is"},
               [&] { sampling_shares(*dataset, sources, Balance::kGroup); });
  sources[0].weight = 2;
  expect_error(Code::kBadArgument, {"1 of 2 sources have a WEIGHT"},
               [&] { sampling_shares(*dataset, sources, Balance::kNone); });
  sources[1].weight = 0;
  expect_error(Code::kBadArgument, {"expected a number above 0, got 0"},
               [&] { sampling_shares(*dataset, sources, Balance::kNone); });
  PlanOptions options;
  options.shares = std::make_shared<const std::vector<double>>(3, 1.0);
  expect_error(Code::kBadArgument, {"3 shares for 2 records"}, [&] { BatchPlan(2, options); });
}

/// Six images with two captions each, but for one that has one and one that has none.
DataSource with_captions(const TemporaryFolder& folder) {
  std::string csv = "file,label,findings,impression\n";
  for (int i = 0; i < 6; ++i) {
    folder.write(fmt::format("p{}.jpg", i), jpeg(i));
    csv += fmt::format("p{},c,{},{}\n", fmt::format("{}.jpg", i), i == 5 ? "" : fmt::format("f{}", i),
                       i >= 4 ? "" : fmt::format("i{}", i));
  }
  DataSource source;
  source.path = folder.write("captions.csv", csv);
  source.captions = {{"findings", 3}, {"impression", 1}};
  return source;
}

TEST(Captions, AreDrawnByWeightEachEpochFromThoseThatARowHas) {
  const TemporaryFolder folder;
  const auto images = images_of({with_captions(folder)});
  LoaderOptions options = training(3);
  options.augment = {};
  Loader loader(images, options);
  std::map<std::size_t, std::map<std::string, int>> drawn;
  constexpr int kEpochs = 400;
  for (int i = 0; i < kEpochs * 2; ++i) {
    const Batch batch = loader.next().value();
    for (std::size_t item = 0; item < 3; ++item) ++drawn[batch.records[item]][batch.texts[item]];
  }
  for (std::size_t r = 0; r < 4; ++r) {
    EXPECT_NEAR(drawn[r][fmt::format("f{}", r)], 0.75 * kEpochs, 35);
    EXPECT_NEAR(drawn[r][fmt::format("i{}", r)], 0.25 * kEpochs, 35);
  }
  EXPECT_EQ(drawn[4], (std::map<std::string, int>{{"f4", kEpochs}}));
  EXPECT_EQ(drawn[5], (std::map<std::string, int>{{"c", kEpochs}}));
}

TEST(Captions, DependOnSeedEpochAndRecordAloneAndAnEvaluationTakesTheFirst) {
  const TemporaryFolder folder;
  const auto images = images_of({with_captions(folder)});
  const auto texts_of = [&](const LoaderOptions& options, Position start, int batches) {
    std::map<std::pair<std::uint64_t, std::size_t>, std::string> texts;
    Loader loader(images, options, start);
    for (int i = 0; i < batches; ++i) {
      const std::optional<Batch> batch = loader.next();
      if (!batch) break;
      for (std::size_t item = 0; item < batch->records.size(); ++item) {
        texts[{batch->position.epoch, batch->records[item]}] = batch->texts[item];
      }
    }
    return texts;
  };
  const auto all = texts_of(training(2), {}, 12);
  const auto later = texts_of(training(2), {2, 0}, 6);
  for (const auto& [key, text] : later) EXPECT_EQ(all.at(key), text);
  // In other batches, and so at other places.
  for (const auto& [key, text] : texts_of(training(3), {}, 8)) EXPECT_EQ(all.at(key), text);
  for (const auto& [key, text] : texts_of(evaluation(2), {}, 3)) {
    EXPECT_EQ(text, key.second == 5 ? "c" : fmt::format("f{}", key.second));
  }
}

TEST(Captions, AndWeightsAreOfTheDatasIdentity) {
  const TemporaryFolder folder;
  DataSource source = with_captions(folder);
  std::set<std::string> identities{dataset_of({source})->identity().sha256};
  source.captions[0].weight = 2;
  identities.insert(dataset_of({source})->identity().sha256);
  source.captions.pop_back();
  identities.insert(dataset_of({source})->identity().sha256);
  source.weight = 2;
  identities.insert(dataset_of({source})->identity().sha256);
  EXPECT_EQ(identities.size(), 4U);
}

TEST(Captions, AColumnThatIsNotThereIsRefused) {
  const TemporaryFolder folder;
  DataSource source = with_captions(folder);
  source.captions[1].name = "conclusion";
  expect_error(Code::kBadFile, {"conclusion"}, [&] { dataset_of({source}); });
}

}  // namespace
}  // namespace mi2::dataset::testing
