#include "dataset/loader.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataset/token_cache.hpp"
#include "samples.hpp"
#include "support/expect_error.hpp"

namespace mi2::dataset::testing {
namespace {

using test::expect_error;
using test::TemporaryFolder;

std::vector<Batch> take(Loader& loader, std::size_t count) {
  std::vector<Batch> batches;
  while (batches.size() < count) {
    std::optional<Batch> batch = loader.next();
    if (!batch) break;
    batches.push_back(std::move(*batch));
  }
  return batches;
}

std::vector<Batch> take(const std::shared_ptr<const Images>& images, const LoaderOptions& options, std::size_t count,
                        Position start = {}) {
  Loader loader(images, options, start);
  return take(loader, count);
}

void expect_same(const Batch& got, const Batch& want) {
  EXPECT_EQ(got.position, want.position);
  EXPECT_EQ(got.texts, want.texts);
  EXPECT_EQ(got.classes, want.classes);
  EXPECT_EQ(got.records, want.records);
  EXPECT_TRUE(std::equal(got.pixels.floats().begin(), got.pixels.floats().end(), want.pixels.floats().begin(),
                         want.pixels.floats().end()));
  ASSERT_EQ(got.mixup.has_value(), want.mixup.has_value());
  if (want.mixup) {
    EXPECT_EQ(got.mixup->lambda, want.mixup->lambda);
    EXPECT_EQ(got.mixup->box.has_value(), want.mixup->box.has_value());
  }
}

void expect_same(const std::vector<Batch>& got, const std::vector<Batch>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    SCOPED_TRACE(i);
    expect_same(got[i], want[i]);
  }
}

TEST(Loader, ShowsEveryRecordOnceAnEpochInANewOrder) {
  const TemporaryFolder folder;
  const auto images = images_of({manifest(folder, 12)});
  const std::vector<Batch> batches = take(images, training(4), 6);
  std::vector<std::size_t> orders[2];
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const Batch& batch = batches[i];
    EXPECT_EQ(batch.position, (Position{i / 3, i % 3}));
    EXPECT_EQ(batch.pixels.shape(), tensor::Shape({4, 8, 8, 3}));
    orders[i / 3].insert(orders[i / 3].end(), batch.records.begin(), batch.records.end());
    for (std::size_t item = 0; item < 4; ++item) {
      EXPECT_EQ(batch.texts[item], fmt::format("image {}", batch.records[item]));
      EXPECT_EQ(batch.classes[item], static_cast<std::int64_t>(batch.records[item] % 3));
    }
  }
  EXPECT_NE(orders[0], orders[1]);
  for (const auto& order : orders) EXPECT_EQ(std::set(order.begin(), order.end()).size(), 12U);
}

TEST(Loader, GivesTheSameNumbersWhateverTheThreadsPrefetchAndCache) {
  const TemporaryFolder folder;
  const DataSource source = manifest(folder, 13, {2, 7});
  LoaderOptions options = training(5);
  const std::vector<Batch> want = take(images_of({source}), options, 8);
  for (const unsigned threads : {1U, 3U, 8U}) {
    options.threads = threads;
    options.prefetch = threads;
    expect_same(take(images_of({source}, threads == 3 ? 0 : 1 << 20), options, 8), want);
  }
  options.seed = 6;
  EXPECT_NE(take(images_of({source}), options, 1)[0].records, want[0].records);
}

TEST(Loader, ResumesAtAnyPosition) {
  const TemporaryFolder folder;
  const auto images = images_of({manifest(folder, 12, {3})});
  const LoaderOptions options = training(4);
  const std::vector<Batch> want = take(images, options, 9);
  for (std::size_t at = 0; at < want.size(); ++at) {
    expect_same(take(images, options, 1, want[at].position), {want[at]});
  }
  const BatchPlan plan(12, options);
  EXPECT_EQ(plan.after({0, 2}), (Position{1, 0}));
  expect_error(Code::kBadArgument, {"batch 3"}, [&] { take(images, options, 1, {0, 3}); });
}

TEST(Loader, OfSeveralProcessesGivesTheBatchOfOne) {
  const TemporaryFolder folder;
  const auto images = images_of({manifest(folder, 26, {4})});
  LoaderOptions options = training(8);
  const std::vector<Batch> whole = take(images, options, 6);
  const auto cut = [](const Batch& batch) { return batch.mixup && batch.mixup->box; };
  const auto blended = [](const Batch& batch) { return batch.mixup && !batch.mixup->box; };
  EXPECT_TRUE(std::any_of(whole.begin(), whole.end(), cut));
  EXPECT_TRUE(std::any_of(whole.begin(), whole.end(), blended));
  options.batch = 4;
  options.world = 2;
  for (options.rank = 0; options.rank < 2; ++options.rank) {
    const std::vector<Batch> shares = take(images, options, 6);
    ASSERT_EQ(shares.size(), whole.size());
    for (std::size_t i = 0; i < shares.size(); ++i) {
      SCOPED_TRACE(i);
      EXPECT_EQ(shares[i].position, whole[i].position);
      const auto first = static_cast<std::size_t>(options.rank) * 4;
      for (std::size_t item = 0; item < 4; ++item) {
        EXPECT_EQ(shares[i].records[item], whole[i].records[first + item]);
        EXPECT_EQ(shares[i].texts[item], whole[i].texts[first + item]);
      }
      const std::span<float> want = whole[i].pixels.floats().subspan(first * 8 * 8 * 3, 4 * 8 * 8 * 3);
      EXPECT_TRUE(std::equal(want.begin(), want.end(), shares[i].pixels.floats().begin()));
      ASSERT_EQ(shares[i].mixup.has_value(), whole[i].mixup.has_value());
      if (whole[i].mixup) {
        EXPECT_EQ(shares[i].mixup->lambda, whole[i].mixup->lambda);
      }
    }
  }
}

TEST(Loader, PutsTheNextRecordInABrokenOnesPlaceAndTellsItOnce) {
  const TemporaryFolder folder;
  std::mutex mutex;
  std::vector<std::string> told;
  const auto images = images_of({manifest(folder, 9, {1, 5})}, 0, [&](const BrokenRecord& record) {
    const std::lock_guard lock(mutex);
    told.push_back(record.name);
    EXPECT_EQ(record.code, Code::kUnsupported);
  });
  const LoaderOptions options = training(3);
  const BatchPlan plan(9, options);
  for (const Batch& batch : take(images, options, 9)) {
    ASSERT_EQ(batch.records.size(), 3U);
    const auto order = *plan.order(batch.position.epoch);
    for (std::size_t item = 0; item < 3; ++item) {
      std::size_t place = batch.position.batch * 3 + item;
      while (order[place] == 1 || order[place] == 5) place = (place + 1) % 9;
      EXPECT_EQ(batch.records[item], order[place]);
    }
  }
  const std::lock_guard lock(mutex);
  std::sort(told.begin(), told.end());
  EXPECT_EQ(told, (std::vector<std::string>{"p1.jpg", "p5.jpg"}));
  EXPECT_EQ(images->broken().size(), 2U);
}

TEST(Loader, EvaluatesInOrderOnceAndLeavesBrokenRecordsOut) {
  const TemporaryFolder folder;
  const auto images = images_of({manifest(folder, 11, {0, 4, 5, 6, 7, 9})});
  Loader loader(images, evaluation(4));
  EXPECT_EQ(loader.plan().batches(), 3U);
  const std::vector<Batch> batches = take(loader, 9);
  // The second batch is broken whole.
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].records, (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_EQ(batches[1].records, (std::vector<std::size_t>{8, 10}));
  EXPECT_EQ(batches[1].texts, (std::vector<std::string>{"image 8", "image 10"}));
  EXPECT_EQ(batches[1].classes, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(batches[1].pixels.shape(), tensor::Shape({2, 8, 8, 3}));
  EXPECT_FALSE(loader.next().has_value());
  // Image k is of one grey, 7 k; JPEG keeps that to about one step.
  for (const Batch& batch : batches) {
    for (std::size_t item = 0; item < batch.records.size(); ++item) {
      const float want = (static_cast<float>(batch.records[item] * 7) / 255 - 0.5F) / 0.2F;
      EXPECT_NEAR(batch.pixels.floats()[item * 192 + 100], want, 2.0 / 255 / 0.2);
    }
  }
}

TEST(Loader, EvaluatesEveryRecordOnceInSeveralProcesses) {
  const TemporaryFolder folder;
  const auto images = images_of({manifest(folder, 11)});
  LoaderOptions options = evaluation(2);
  options.world = 3;
  std::vector<std::size_t> seen;
  for (options.rank = 0; options.rank < 3; ++options.rank) {
    for (const Batch& batch : take(images, options, 99)) {
      seen.insert(seen.end(), batch.records.begin(), batch.records.end());
    }
  }
  std::sort(seen.begin(), seen.end());
  std::vector<std::size_t> all(11);
  std::iota(all.begin(), all.end(), 0U);
  EXPECT_EQ(seen, all);
}

TEST(Loader, EvaluatesThePixelsThatEmbedSees) {
  const TemporaryFolder folder;
  const auto images = images_of({manifest(folder, 3)});
  LoaderOptions options = evaluation(3);
  options.format.width = 9;
  const std::vector<Batch> batches = take(images, options, 1);
  const std::string encoded = images->dataset().read(2);
  const Pixels want = embedder::Preparer(ImageOptions()).prepare(std::as_bytes(std::span(encoded)), "image", 9, 8);
  for (std::size_t i = 0; i < want.samples.size(); ++i) {
    EXPECT_EQ(batches[0].pixels.floats()[2 * want.samples.size() + i],
              (static_cast<float>(want.samples[i]) / 255.0F - 0.5F) / 0.2F);
  }
}

TEST(Loader, RefusesDataOfWhichEverythingIsBroken) {
  const TemporaryFolder folder;
  const auto images = images_of({manifest(folder, 4, {0, 1, 2, 3})});
  for (const LoaderOptions& options : {training(2), evaluation(2)}) {
    Loader loader(images, options);
    expect_error(Code::kBadFile, {"broken"}, [&] { loader.next(); });
    EXPECT_FALSE(loader.next().has_value());
  }
}

TEST(Loader, RefusesMoreThanThereIs) {
  const TemporaryFolder folder;
  const auto images = images_of({manifest(folder, 4)});
  expect_error(Code::kBadArgument, {"4 records", "5"}, [&] { Loader(images, training(5)); });
  LoaderOptions options = training(2);
  options.rank = 2;
  options.world = 2;
  expect_error(Code::kBadArgument, {"process 2 of 2"}, [&] { Loader(images, options); });
  options = training(0);
  expect_error(Code::kBadArgument, {"batch: expected 1 to", "got 0"}, [&] { Loader(images, options); });
}

TEST(Loader, StopsInTheMiddleWhenItIsNoLongerWanted) {
  const TemporaryFolder folder;
  const auto images = images_of({manifest(folder, 40)});
  for (int i = 0; i < 10; ++i) {
    Loader loader(images, training(8));
    if (i % 2 == 0) loader.next();
  }
}

TEST(Images, KeepsWhatFitsAndGivesTheSame) {
  const TemporaryFolder folder;
  const DataSource source = manifest(folder, 4);
  // Two of four images of 12 x 10 RGB.
  const auto some = images_of({source}, 2 * 360);
  const auto first = some->get(0);
  EXPECT_EQ(some->get(0), first);
  const auto second = some->get(1);
  const auto third = some->get(2);
  EXPECT_EQ(some->get(1), second);
  EXPECT_NE(some->get(2), third);
  EXPECT_EQ(some->get(2)->samples, third->samples);
}

TEST(TokenCache, AnswersAsTheTokenizer) {
  const text::Tokenizer tokenizer;
  TokenCache cache(tokenizer, 5);
  for (int round = 0; round < 2; ++round) {
    const std::vector<std::string> texts = {"a cat", "a very long text about nothing at all", "a cat"};
    const ops::TokenBatch batch = cache.encode(texts);
    ASSERT_EQ(batch.texts(), 3);
    ops::TokenBatch want;
    for (const std::string& text : texts) want.add(tokenizer.encode(text, 5).ids);
    EXPECT_EQ(batch.ids, want.ids);
    EXPECT_EQ(batch.offsets, want.offsets);
  }
}

}  // namespace
}  // namespace mi2::dataset::testing
