// Stations that a server compares on its own account.

#include "protocols/archives/drift_watch.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "archive/growing.hpp"
#include "archive/served.hpp"

namespace mi2::protocols::archives {
namespace {

using std::chrono::milliseconds;

/// @returns whether it became so.
bool wait_until(const std::function<bool()>& is_so) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!is_so() && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(milliseconds(5));
  return is_so();
}

class Watching : public ::testing::Test {
 protected:
  Watching() {
    for (int i = 0; i < 6; ++i) grown_.add_study();
    grown_.close();
    served_ = std::make_shared<archive::Served>(grown_.folder(), 1);
    spec_.name = std::string("a");
    spec_.folder = grown_.folder();
    spec_.drift = std::string("modality=CT");
  }
  void watch() {
    watch_.emplace(std::span<const ArchiveSpec>(&spec_, 1), [this](const std::string&) {
      ++looks_;
      return served_;
    });
  }

  archive::Growing grown_;
  std::shared_ptr<archive::Served> served_;
  ArchiveSpec spec_;
  std::atomic<int> looks_ = 0;
  std::optional<DriftWatch> watch_;  ///< the first to go
};

TEST_F(Watching, GoesOnBesideWhatRequestsCompareSoThatNeitherWaits) {
  bool done = false;
  served_->judge([&](archive::Reader&, base::ThreadPool&) {
    watch();
    done = wait_until([&] { return !watch_->now().empty(); });
  });
  ASSERT_TRUE(done);
  const std::vector<ArchiveDrift> found = watch_->now();
  EXPECT_EQ(found.front().archive, "a");
  EXPECT_FALSE(found.front().failed);
  EXPECT_EQ(found.front().stations.size(), 1U);
}

TEST_F(Watching, LooksNoMoreOnceItHasEnded) {
  spec_.drift_every = std::chrono::seconds(0);
  watch();
  ASSERT_TRUE(wait_until([&] { return looks_ > 3; }));
  watch_->end();
  const int before = looks_;
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_LE(looks_.load(), before + 1) << "the one that was under way";
}

}  // namespace
}  // namespace mi2::protocols::archives
