#include "base/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace mi2::base {
namespace {

TEST(ThreadPool, CallsEveryTaskOnceAtEverySize) {
  for (unsigned threads = 1; threads <= 8; ++threads) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (const std::size_t tasks : {0U, 1U, 2U, 7U, 1000U}) {
      std::vector<std::atomic<int>> calls(tasks);
      pool.run(tasks, [&](std::size_t i) { calls[i].fetch_add(1); });
      EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](const auto& n) { return n == 1; }))
          << threads << " threads, " << tasks << " tasks";
    }
  }
}

TEST(ThreadPool, GivesTheCallerAllResultsOfManyShortRuns) {
  ThreadPool pool(4);
  std::vector<std::uint64_t> values(64);
  for (int round = 1; round <= 2000; ++round) {
    pool.run(values.size(), [&](std::size_t i) { values[i] += i; });
  }
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], 2000 * i);
}

TEST(ThreadPool, ThrowsABodysExceptionAndWorksOn) {
  for (unsigned threads = 1; threads <= 8; ++threads) {
    ThreadPool pool(threads);
    for (const std::size_t bad : {0U, 50U, 99U}) {
      try {
        pool.run(100, [&](std::size_t i) {
          if (i == bad) throw std::runtime_error("task " + std::to_string(i));
        });
        ADD_FAILURE() << "no exception with " << threads << " threads";
      } catch (const std::runtime_error& error) {
        EXPECT_EQ(error.what(), "task " + std::to_string(bad));
      }
      std::atomic<int> calls{0};
      pool.run(100, [&](std::size_t) { ++calls; });
      EXPECT_EQ(calls, 100);
    }
  }
}

TEST(ThreadPool, SizesItselfByTheCoresItMayUse) {
  EXPECT_GE(available_cores(), 1U);
  EXPECT_EQ(ThreadPool(0).size(), available_cores());
}

}  // namespace
}  // namespace mi2::base
