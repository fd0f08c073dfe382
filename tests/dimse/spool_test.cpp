// Received objects that wait: what a crash leaves, what is due, how much there is room for.

#include "dimse/spool.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::dimse {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kRoom = 1000;
constexpr Patience kAtOnce{std::chrono::seconds(0), 1000};
constexpr Patience kNever{std::chrono::hours(1), 1000};

/// Receives an object of a study.
void receive(Spool& spool, const std::string& uid, const std::string& study, std::string_view content = "content") {
  Incoming incoming(spool);
  ASSERT_TRUE(incoming.write(std::as_bytes(std::span(content))));
  incoming.keep({{}, "PEER", uid, study, 0});
}

std::vector<std::string> uids(const std::vector<Spooled>& objects) {
  std::vector<std::string> all;
  for (const Spooled& object : objects) all.push_back(object.sop_uid);
  return all;
}

std::size_t files_in(const fs::path& folder) {
  std::size_t count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) count += entry.is_regular_file() ? 1 : 0;
  return count;
}

class SpoolTest : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  std::unique_ptr<Spool> spool_ = std::make_unique<Spool>(folder_ / "spool", kRoom);
  std::stop_token never_;

  void reopen() {
    spool_.reset();
    spool_ = std::make_unique<Spool>(folder_ / "spool", kRoom);
  }
};

TEST_F(SpoolTest, HandsOnWhatCameInTheOrderInWhichItCame) {
  receive(*spool_, "1.3", "s2");
  receive(*spool_, "1.1", "s1");
  receive(*spool_, "1.2", "s2", "other");
  const std::vector<Spooled> due = spool_->wait(kAtOnce, never_);
  EXPECT_THAT(uids(due), ElementsAre("1.3", "1.1", "1.2"));
  EXPECT_EQ(due[2].peer, "PEER");
  EXPECT_EQ(due[2].study, "s2");
  EXPECT_EQ(due[2].size, 5U);
  EXPECT_EQ(test::read_back(due[2].file), "other");
  EXPECT_EQ(spool_->size(), 0U);
}

TEST_F(SpoolTest, WhatAnEarlierRunLeftIsDueAtOnce) {
  receive(*spool_, "1.2", "s1");
  receive(*spool_, "1.1", "s1");
  folder_.write("spool/000000000007_PEER_.dcm", "no name of ours");
  folder_.write("spool/notes.txt", "of somebody");
  folder_.write("spool/incoming/000000000003", "half of an object");
  reopen();
  EXPECT_EQ(spool_->size(), 2U);
  EXPECT_THAT(uids(spool_->wait(kNever, never_)), ElementsAre("1.2", "1.1"));
  EXPECT_EQ(files_in(folder_ / "spool/incoming"), 0U);
  EXPECT_TRUE(fs::exists(folder_ / "spool/notes.txt"));
  receive(*spool_, "1.2", "s1");  // under another name than the one that was left
  EXPECT_EQ(uids(spool_->wait(kAtOnce, never_)).size(), 1U);
}

TEST_F(SpoolTest, RemovesNothingThatItHasNotReceivedItself) {
  folder_.write("spool/incoming/scan.dcm", "of somebody");
  folder_.write("spool/incoming/000000000004/scan.dcm", "of somebody");
  reopen();
  EXPECT_EQ(test::read_back(folder_ / "spool/incoming/scan.dcm"), "of somebody");
  EXPECT_EQ(test::read_back(folder_ / "spool/incoming/000000000004/scan.dcm"), "of somebody");
}

TEST_F(SpoolTest, AFolderThatSomebodyNamesIsASpoolOrEmpty) {
  receive(*spool_, "1.1", "s1");
  spool_->set_aside(spool_->wait(kAtOnce, never_).front());
  receive(*spool_, "1.2", "s1");
  folder_.write("spool/incoming/000000000003", "half of an object");
  require_spool(folder_ / "spool");
  require_spool(folder_ / "absent");
  fs::create_directory(folder_ / "empty");
  require_spool(folder_ / "empty");
  const std::vector<std::string> others{"1/incoming/scan.dcm",    "2/lock/file", "3/notes.txt",
                                        "4/000000000007_x.dcm",   "5/refused",   "6/incoming",
                                        "7/incoming/00000000000x"};
  for (const std::string& other : others) {
    folder_.write(other, "of somebody");
    const fs::path folder = folder_ / other.substr(0, 1);
    folder_.write(other.substr(0, 1) + "/000000000001_PEER_1.2.dcm", "of a spool");
    test::expect_error(Code::kBadArgument, {"expected a spool or an empty folder"}, [&] { require_spool(folder); });
  }
  fs::create_directory(folder_ / "linked");
  fs::create_directory_symlink(folder_ / "spool/incoming", folder_ / "linked/incoming");
  test::expect_error(Code::kBadArgument, {"expected a spool"}, [&] { require_spool(folder_ / "linked"); });
}

TEST_F(SpoolTest, AStudyIsDueOnceItWasQuiet) {
  receive(*spool_, "1.1", "s1");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(uids(spool_->wait({std::chrono::seconds(1), 1000}, never_)), ElementsAre("1.1"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900));
}

TEST_F(SpoolTest, WhereManyWaitAllAreDue) {
  receive(*spool_, "1.1", "s1");
  receive(*spool_, "1.2", "s2");
  EXPECT_EQ(spool_->wait({std::chrono::hours(1), 2}, never_).size(), 2U);
}

TEST_F(SpoolTest, WhereHalfOfTheRoomIsTakenAllAreDue) {
  receive(*spool_, "1.1", "s1", std::string(kRoom / 2, 'x'));
  EXPECT_EQ(spool_->wait(kNever, never_).size(), 1U);
}

TEST_F(SpoolTest, AStopEndsTheWait) {
  receive(*spool_, "1.1", "s1");
  std::stop_source stop;
  const std::jthread later([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  EXPECT_THAT(spool_->wait(kNever, stop.get_token()), IsEmpty());
  EXPECT_EQ(spool_->size(), 1U);
}

TEST_F(SpoolTest, WhatIsPutBackIsDueAgain) {
  receive(*spool_, "1.1", "s1");
  spool_->put_back(spool_->wait(kAtOnce, never_));
  EXPECT_EQ(spool_->size(), 1U);
  EXPECT_THAT(uids(spool_->wait(kNever, never_)), ElementsAre("1.1"));
}

TEST_F(SpoolTest, WhatIsForLaterIsInNobodysWay) {
  receive(*spool_, "1.1", "s1");
  std::vector<Spooled> due = spool_->wait(kAtOnce, never_);
  due.front().later = true;
  spool_->put_back(std::move(due));
  receive(*spool_, "1.2", "s1");
  EXPECT_EQ(spool_->size(), 2U);
  EXPECT_THAT(uids(spool_->wait(kAtOnce, never_)), ElementsAre("1.2"));
  EXPECT_EQ(spool_->size(), 1U);
  reopen();
  EXPECT_THAT(uids(spool_->wait(kNever, never_)), ElementsAre("1.1", "1.2"));
}

TEST_F(SpoolTest, WhatIsNoFileIsHandedOnToo) {
  receive(*spool_, "1.1", "s1");
  fs::create_directory(folder_ / "spool/000000000009_PEER_1.2.dcm");
  reopen();
  EXPECT_THAT(uids(spool_->wait(kNever, never_)), ElementsAre("1.1", "1.2"));
}

TEST_F(SpoolTest, KeepsTheNewestOfWhatWasRefused) {
  const std::string content(kRoom / 10, 'x');
  for (const std::string uid : {"1.1", "1.2"}) {
    receive(*spool_, uid, "s1", content);
    EXPECT_EQ(spool_->set_aside(spool_->wait(kAtOnce, never_).front()), 0U);
  }
  EXPECT_EQ(spool_->size(), 0U);
  reopen();
  EXPECT_EQ(spool_->size(), 0U);
  receive(*spool_, "1.1", "s1", content);  // again: a third
  EXPECT_EQ(spool_->set_aside(spool_->wait(kAtOnce, never_).front()), 1U);
  EXPECT_TRUE(fs::exists(folder_ / "spool/refused/000000000002_PEER_1.2.dcm"));
  EXPECT_TRUE(fs::exists(folder_ / "spool/refused/000000000003_PEER_1.1.dcm"));
  EXPECT_EQ(files_in(folder_ / "spool/refused"), 2U);
  // They take no room from those that wait.
  receive(*spool_, "1.3", "s1", std::string(kRoom, 'x'));
  EXPECT_EQ(spool_->set_aside(spool_->wait(kAtOnce, never_).front()), 3U);
  EXPECT_EQ(files_in(folder_ / "spool/refused"), 0U);
}

TEST_F(SpoolTest, TakesNoMoreThanThereIsRoomFor) {
  const std::string large(600, 'x');
  receive(*spool_, "1.1", "s1", large);
  {
    Incoming second(*spool_);
    EXPECT_FALSE(second.write(std::as_bytes(std::span(large))));
    EXPECT_TRUE(second.write(std::as_bytes(std::span(large).first(400))));
    EXPECT_FALSE(second.write(std::as_bytes(std::span(large).first(1))));
  }
  // What was not kept takes no room, and neither does what was removed.
  for (const Spooled& object : spool_->wait(kAtOnce, never_)) spool_->remove(object);
  EXPECT_EQ(files_in(folder_ / "spool"), 1U);  // the lock
  receive(*spool_, "1.2", "s1", std::string(kRoom, 'x'));
  reopen();
  Incoming third(*spool_);
  EXPECT_FALSE(third.write(std::as_bytes(std::span(large).first(1))));
}

TEST_F(SpoolTest, AnObjectThatIsNotKeptLeavesNothing) {
  {
    Incoming incoming(*spool_);
    ASSERT_TRUE(incoming.write(std::as_bytes(std::span("content"))));
    EXPECT_TRUE(fs::exists(incoming.file()));
  }
  EXPECT_EQ(files_in(folder_ / "spool/incoming"), 0U);
  EXPECT_EQ(spool_->size(), 0U);
}

TEST_F(SpoolTest, OnlyItsOwnerMayLookIntoIt) {
  EXPECT_EQ(fs::status(folder_ / "spool").permissions(), fs::perms::owner_all);
}

TEST_F(SpoolTest, OneProcessReceivesIntoAnArchive) {
  test::expect_error(Code::kOverloaded, {"another process receives"}, [this] { Spool(folder_ / "spool", kRoom); });
}

TEST_F(SpoolTest, ManySendersLoseNothing) {
  constexpr int kSenders = 4;
  constexpr int kObjects = 20;
  std::vector<std::jthread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([this, sender] {
      for (int i = 0; i < kObjects; ++i)
        receive(*spool_, fmt::format("1.{}.{}", sender, i), fmt::format("s{}", i), "x");
    });
  }
  std::size_t seen = 0;
  while (seen < kSenders * kObjects) {
    for (const Spooled& object : spool_->wait(kAtOnce, never_)) {
      spool_->remove(object);
      ++seen;
    }
  }
  senders.clear();
  EXPECT_EQ(spool_->size(), 0U);
  EXPECT_EQ(files_in(folder_ / "spool"), 1U);
}

}  // namespace
}  // namespace mi2::dimse
