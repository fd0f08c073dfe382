// Signals become stop requests.

#include <chrono>
#include <csignal>
#include <stop_token>
#include <thread>

#include <gtest/gtest.h>

#include "interrupt.hpp"

namespace mi2::cli {
namespace {

TEST(Interrupts, AStopIsRequestedAfterASignalAndNotBefore) {
  catch_interrupts(true);
  {
    const InterruptStop unused;
    EXPECT_FALSE(unused.token().stop_requested());
  }
  const InterruptStop stop;
  const std::stop_token token = stop.token();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(token.stop_requested());
  std::raise(SIGTERM);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!token.stop_requested() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  EXPECT_TRUE(token.stop_requested());
  EXPECT_THROW(throw_if_interrupted(), Interrupted);
}

}  // namespace
}  // namespace mi2::cli
