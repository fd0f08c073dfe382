// The one pipeline: order, errors in their places, memory, stopping, progress.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedder/pipeline.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"

namespace mi2::embedder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// `count` items whose image is as wide as their number, from 1.
NextItem counted(int count) {
  return [count, next = 0]() mutable -> std::optional<Item> {
    if (next == count) return std::nullopt;
    const int number = ++next;
    return Item{"item " + std::to_string(number), std::nullopt, [number] {
                  // The first of a batch is ready last.
                  std::this_thread::sleep_for(std::chrono::microseconds(500 * (5 - number % 5)));
                  return Prepared{Pixels{number, 1, {}}, std::nullopt};
                }};
  };
}

/// `count` items, of which number `bad` throws what `fail` throws.
template <typename Fail>
NextItem with_bad(int count, int bad, Fail fail) {
  return [count, bad, fail, next = 0]() mutable -> std::optional<Item> {
    if (next == count) return std::nullopt;
    const int number = ++next;
    return Item{"item " + std::to_string(number), std::nullopt, [number, bad, fail] {
                  if (number == bad) fail();
                  return Prepared{Pixels{number, 1, {}}, std::nullopt};
                }};
  };
}

PipelineOptions by(std::size_t batch, unsigned threads = 4) {
  PipelineOptions options;
  options.batch = batch;
  options.threads = threads;
  return options;
}

TEST(Pipeline, GivesAGpuLargerBatchesThanACpu) {
  EXPECT_GT(usual_batch({Device::Kind::kCuda, 1}), usual_batch({}));
  EXPECT_EQ(usual_batch({Device::Kind::kTorch}), usual_batch({}));
}

TEST(Pipeline, KeepsTheOrderForEveryBatchSize) {
  for (const std::size_t batch : {1U, 3U, 4U, 20U, 100U}) {
    std::vector<int> widths;
    std::vector<std::size_t> sizes;
    prepare_all(counted(20), by(batch), [&](std::span<Ready> ready) {
      sizes.push_back(ready.size());
      for (const Ready& item : ready) {
        widths.push_back(item.prepared.image->width);
        EXPECT_EQ(item.name, "item " + std::to_string(widths.size()));
      }
    });
    ASSERT_EQ(widths.size(), 20U);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(widths[static_cast<std::size_t>(i)], i + 1);
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) EXPECT_EQ(sizes[i], batch);
  }
}

TEST(Pipeline, NothingInNothingOut) {
  prepare_all(counted(0), by(4), [](std::span<Ready>) { ADD_FAILURE() << "there is no batch"; });
}

TEST(Pipeline, ErrorsStandInTheirPlaces) {
  std::vector<std::string> seen;
  const auto fail = [] { throw Error(Code::kBadFile, "item 3: cut"); };
  prepare_all(with_bad(5, 3, fail), by(2), [&](std::span<Ready> ready) {
    for (const Ready& item : ready) seen.push_back(item.error ? item.error->what() : item.name);
  });
  EXPECT_THAT(seen, ElementsAre("item 1", "item 2", "item 3: cut", "item 4", "item 5"));
}

TEST(Pipeline, MemoryThatRunsOutIsTheItemsOwnError) {
  std::optional<Error> error;
  std::size_t good = 0;
  prepare_all(with_bad(3, 2, [] { throw std::bad_alloc(); }), by(3), [&](std::span<Ready> ready) {
    for (const Ready& item : ready) {
      if (item.error) error = item.error;
      good += item.prepared.image.has_value() ? 1 : 0;
    }
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::kTooLarge);
  EXPECT_STREQ(error->what(), "item 2: not enough memory to read it");
  EXPECT_EQ(good, 2U);
}

TEST(Pipeline, DefectsEndTheRunAfterTheBatchesBefore) {
  const auto run = [](auto fail) {
    std::size_t done = 0;
    try {
      prepare_all(with_bad(6, 5, fail), by(2), [&](std::span<Ready> ready) { done += ready.size(); });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::exception&) {
    }
    return done;
  };
  EXPECT_EQ(run([] { throw Error(Code::kInternal, "a defect"); }), 4U);
  EXPECT_EQ(run([] { throw std::logic_error("a defect"); }), 4U);
}

TEST(Pipeline, AtMostThreeBatchesAreInMemory) {
  // A token lives as long as its item, then as long as its pixels would: until the batch is handed over.
  constexpr int kBatch = 3;
  std::atomic<int> alive = 0;
  std::atomic<int> most = 0;
  const auto born = [&] {
    const int now = ++alive;
    int before = most;
    while (now > before && !most.compare_exchange_weak(before, now)) {
    }
  };
  const auto next = [&, number = 0]() mutable -> std::optional<Item> {
    if (++number > 40) return std::nullopt;
    born();
    return Item{"item", std::nullopt, [] { return Prepared{Pixels{1, 1, {}}, std::nullopt}; }};
  };
  prepare_all(next, by(kBatch), [&](std::span<Ready> ready) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    alive -= static_cast<int>(ready.size());
  });
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(most, 3 * kBatch);
}

TEST(Pipeline, AnItemsBytesAreFreedOnceItIsPrepared) {
  const auto bytes = std::make_shared<int>(0);
  bool handed = false;
  const auto next = [&]() -> std::optional<Item> {
    if (std::exchange(handed, true)) return std::nullopt;
    return Item{"item", std::nullopt, [bytes] { return Prepared{Pixels{1, 1, {}}, std::nullopt}; }};
  };
  prepare_all(next, by(2), [&](std::span<Ready>) { EXPECT_EQ(bytes.use_count(), 1); });
}

TEST(Pipeline, TheNextBatchIsPreparedMeanwhile) {
  std::atomic<int> prepared = 0;
  const auto next = [&, number = 0]() mutable -> std::optional<Item> {
    if (++number > 4) return std::nullopt;
    return Item{"item", std::nullopt, [&prepared] {
                  ++prepared;
                  return Prepared{Pixels{1, 1, {}}, std::nullopt};
                }};
  };
  bool first = true;
  prepare_all(next, by(2), [&](std::span<Ready>) {
    if (!std::exchange(first, false)) return;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (prepared < 4 && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
    EXPECT_EQ(prepared, 4);
  });
}

TEST(Pipeline, NoThreadWaitsForTheLastItemOfABatch) {
  // The first item is ready only after the first of the next batch has been begun.
  std::atomic<bool> later = false;
  const auto next = [&, number = 0]() mutable -> std::optional<Item> {
    if (++number > 4) return std::nullopt;
    return Item{"item", std::nullopt, [&later, number] {
                  if (number == 3) later = true;
                  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
                  while (number == 1 && !later && std::chrono::steady_clock::now() < patience)
                    std::this_thread::yield();
                  return Prepared{Pixels{later ? 2 : 1, 1, {}}, std::nullopt};
                }};
  };
  std::vector<int> widths;
  prepare_all(next, by(2, 2), [&](std::span<Ready> ready) {
    for (const Ready& item : ready) widths.push_back(item.prepared.image->width);
  });
  ASSERT_EQ(widths.size(), 4U);
  EXPECT_EQ(widths.front(), 2);
}

TEST(Pipeline, StopsBetweenTwoBatches) {
  std::stop_source stop;
  PipelineOptions options = by(2);
  options.stop = stop.get_token();
  std::size_t done = 0;
  prepare_all(counted(20), options, [&](std::span<Ready> ready) {
    done += ready.size();
    if (done == 4) stop.request_stop();
  });
  EXPECT_EQ(done, 4U);
  prepare_all(counted(20), options, [](std::span<Ready>) { ADD_FAILURE() << "it was stopped before"; });
}

TEST(Pipeline, WhatACallbackThrowsLeavesAndNothingFollows) {
  struct Ended {};  // as the program's Interrupted: no std::exception
  std::size_t batches = 0;
  const auto on_batch = [&](std::span<Ready>) {
    if (++batches == 2) throw Ended{};
  };
  EXPECT_THROW(prepare_all(counted(20), by(2), on_batch), Ended);
  EXPECT_EQ(batches, 2U);
  PipelineOptions options = by(2);
  options.on_progress = [](const base::Progress&) { throw Ended{}; };
  EXPECT_THROW(prepare_all(counted(20), options, [](std::span<Ready>) {}), Ended);
  const auto bad_source = []() -> std::optional<Item> { throw Ended{}; };
  EXPECT_THROW(prepare_all(bad_source, by(2), [](std::span<Ready>) {}), Ended);
}

TEST(Pipeline, CountsProgressAfterEachBatch) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
  PipelineOptions options = by(2);
  options.total = 5;
  options.on_progress = [&](const base::Progress& now) { told.emplace_back(now.done, now.total); };
  prepare_all(counted(5), options, [](std::span<Ready>) {});
  EXPECT_THAT(told, ElementsAre(Pair(2U, 5U), Pair(4U, 5U), Pair(5U, 5U)));
}

/// What each item of a mixed run is, as a letter.
Prepared mixed(const Embedder& embedder, char kind) {
  Prepared prepared;
  if (kind == 'e') throw Error(Code::kBadFile, "item: cut");
  if (kind == 'i' || kind == 'b') {
    prepared.image = embedder.prepare_file(test::golden_data() / "images" / "grey.jpg");
  }
  if (kind == 't' || kind == 'b') prepared.text = "chest x-ray";
  return prepared;
}

TEST(Pipeline, VectorsOfImagesTextsAndBothAreTheModels) {
  const Embedder embedder = Embedder::open(test::starter_model());
  const std::vector<Pixels> image{*mixed(embedder, 'i').image};
  const std::vector<std::string> text{"chest x-ray"};
  const EmbeddingMatrix of_image = embedder.embed_images(image);
  const EmbeddingMatrix of_text = embedder.embed_texts(text).vectors;
  const std::string kinds = "tiebtbie";
  const auto next = [&, at = std::size_t{0}]() mutable -> std::optional<Item> {
    if (at == kinds.size()) return std::nullopt;
    return Item{"item", std::nullopt, [&embedder, kind = kinds[at++]] { return mixed(embedder, kind); }};
  };
  std::string seen;
  embed_all(embedder, next, by(3), [&](std::span<const Embedded> batch) {
    for (const Embedded& item : batch) {
      const bool has_image = !item.image.empty();
      const bool has_text = !item.text.empty();
      seen += item.error != nullptr ? 'e' : has_image && has_text ? 'b' : has_image ? 'i' : 't';
      if (has_image) {
        EXPECT_TRUE(std::ranges::equal(item.image, of_image.row(0)));
      }
      if (has_text) {
        EXPECT_TRUE(std::ranges::equal(item.text, of_text.row(0)));
      }
      EXPECT_FALSE(item.truncated);
    }
  });
  EXPECT_EQ(seen, kinds);
}

TEST(Pipeline, SaysWhichTextWasCut) {
  const Embedder embedder = Embedder::open(test::starter_model());
  const auto next = [number = 0]() mutable -> std::optional<Item> {
    if (number == 3) return std::nullopt;
    return Item{"item", std::nullopt, [long_one = number++ == 1] {
                  return Prepared{std::nullopt, long_one ? std::string(1000, 'a') + " b" + std::string(900, '.') : "a"};
                }};
  };
  std::vector<bool> cut;
  embed_all(embedder, next, by(3), [&](std::span<const Embedded> batch) {
    for (const Embedded& item : batch) cut.push_back(item.truncated);
  });
  EXPECT_THAT(cut, ElementsAre(false, true, false));
}

}  // namespace
}  // namespace mi2::embedder
