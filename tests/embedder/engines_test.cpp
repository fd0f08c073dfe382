// One model on several devices: the same results in the same order, and what becomes of an engine that fails.

#include "embedder/engines.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_device.hpp"
#include "support/paths.hpp"

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

namespace mi2::embedder {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kTexts = 40;
const std::vector<Device> kTwo(2, Device{Device::Kind::kTorch});

NextItem numbered_texts() {
  return [next = 0]() mutable -> std::optional<Item> {
    if (next == kTexts) return std::nullopt;
    const int number = ++next;
    return Item{"item " + std::to_string(number), std::nullopt, [number] {
                  if (number == 7) throw Error(Code::kBadFile, "item 7: cut");
                  return Prepared{std::nullopt, "text number " + std::to_string(number)};
                }};
  };
}

struct Results {
  std::vector<std::string> names;
  std::vector<std::vector<float>> vectors;
  std::vector<std::string> lost;
  std::vector<std::uint64_t> progress;
};

Results run_on(std::span<const Embedder> embedders) {
  Results run;
  PipelineOptions options;
  options.batch = 3;
  options.threads = 2;
  options.on_progress = [&](const base::Progress& at) { run.progress.push_back(at.done); };
  embed_all(
      embedders, numbered_texts(), options,
      [&](std::span<const Embedded> batch) {
        for (const Embedded& item : batch) {
          run.names.emplace_back(item.error == nullptr ? item.name : item.error->what());
          run.vectors.emplace_back(item.text.begin(), item.text.end());
        }
      },
      [&](const Device& device, std::string_view reason) {
        run.lost.push_back(to_string(device) + ": " + std::string(reason));
      });
  return run;
}

std::vector<Embedder> opened(std::span<const Device> devices) { return open_on(test::starter_model(), {}, devices); }

void expect_whole(const Results& run) {
  ASSERT_EQ(run.names.size(), std::size_t{kTexts});
  for (int i = 1; i <= kTexts; ++i) {
    EXPECT_EQ(run.names[static_cast<std::size_t>(i - 1)], i == 7 ? "item 7: cut" : "item " + std::to_string(i));
  }
  EXPECT_EQ(run.progress.back(), std::uint64_t{kTexts});
}

TEST(Engines, TwoOfTheCpuGiveTheVectorsOfOneInTheSameOrder) {
  const std::vector<Device> cpus(2);
  const Results one = run_on(opened(std::span(cpus).first(1)));
  const Results two = run_on(opened(cpus));
  expect_whole(two);
  EXPECT_EQ(one.vectors, two.vectors);
  EXPECT_EQ(one.progress, two.progress);
  EXPECT_THAT(two.lost, IsEmpty());
}

TEST(Engines, AllOfThemComputeAtTheSameTime) {
  std::atomic<int> at_work = 0;
  std::atomic<int> most = 0;
  const auto meet = [&] {
    const int now = ++at_work;
    if (now > most) most = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    --at_work;
  };
  const test::FakeDevices devices({meet, meet});
  expect_whole(run_on(opened(kTwo)));
  EXPECT_EQ(most, 2);
}

TEST(Engines, OneThatFailsLosesNoRow) {
  std::atomic<int> passes = 0;
  const auto fail = [&] {
    ++passes;
    throw std::runtime_error("the GPU fell off the bus");
  };
  // The other one leaves it a batch to fail at: two are computed at a time.
  const auto after_it = [&] {
    while (passes == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  const test::FakeDevices devices({fail, after_it});
  const Results run = run_on(opened(kTwo));
  expect_whole(run);
  EXPECT_THAT(run.lost, ElementsAre("torch: the GPU fell off the bus"));
  EXPECT_EQ(passes, 1) << "an engine that failed was asked again";
}

TEST(Engines, WhatTheLastOneThrowsEndsTheRun) {
  const auto fail = [] { throw Error(Code::kInternal, "broken"); };
  const test::FakeDevices devices({fail, fail});
  const std::vector<Embedder> embedders = opened(kTwo);
  try {
    run_on(embedders);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("broken"));
  }
}

TEST(Engines, AnInputsOwnFaultIsNoEngines) {
  std::atomic<int> calls = 0;
  const auto refuse_first = [&] {
    if (calls++ < 1) throw Error(Code::kUnsupported, "too large for bf16");
  };
  const test::FakeDevices devices({refuse_first, refuse_first});
  const Results run = run_on(opened(kTwo));
  expect_whole(run);
  EXPECT_THAT(run.lost, IsEmpty());
}

}  // namespace
}  // namespace mi2::embedder
