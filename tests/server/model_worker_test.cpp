// A model of a server on several devices: one queue, and an engine that fails costs no request.

#include "server/model_worker.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedder/engines.hpp"
#include "embedder/region.hpp"
#include "server/metrics.hpp"
#include "support/fake_device.hpp"
#include "support/paths.hpp"
#include "support/temporary_folder.hpp"

#include <mi2/error.hpp>

namespace mi2::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A worker of two engines, and what it says.
class TwoEngines {
 public:
  explicit TwoEngines(std::vector<std::function<void()>> before, std::size_t max_text_batch = 1) : devices_(before) {
    ModelWorkerParts parts;
    parts.batch.max_text_batch = max_text_batch;
    parts.batch.max_wait = milliseconds(0);
    parts.post = [](const std::function<void()>& task) { task(); };
    parts.damaged = [] {};
    parts.lost = [this](const Device& device, const std::string& reason) {
      const std::lock_guard lock(mutex_);
      lost_.push_back(to_string(device) + ": " + reason);
    };
    parts.decoding = std::make_shared<DecodeBudget>(1'000'000, 1, [](std::uint64_t) {});
    parts.turns = {&turns_[0], &turns_[1]};
    parts.metrics = &metrics_.model("test");
    const std::vector<Device> two(2, Device{Device::Kind::kTorch});
    worker_ = std::make_shared<ModelWorker>(embedder::open_on(test::starter_model(), {}, two), std::move(parts));
  }

  /// Whether each request of one text was answered.
  std::vector<bool> ask(int requests) {
    struct Asked {
      std::promise<void> done;
      std::shared_ptr<Job> job;
    };
    std::vector<std::unique_ptr<Asked>> all;
    for (int i = 0; i < requests; ++i) {
      Asked& asked = *all.emplace_back(std::make_unique<Asked>());
      protocols::Work work;
      work.texts.push_back("text " + std::to_string(i));
      asked.job = std::make_shared<Job>(std::move(work), worker_->dimensions(), [&asked] { asked.done.set_value(); });
      EXPECT_TRUE(worker_->reserve(0, 1));
      worker_->submit(asked.job);
    }
    std::vector<bool> answered;
    for (const auto& asked : all) {
      asked->done.get_future().wait();
      try {
        asked->job->take_vectors();
        answered.push_back(true);
      } catch (const std::exception&) {
        answered.push_back(false);
      }
    }
    return answered;
  }

  [[nodiscard]] const ModelWorker& worker() const { return *worker_; }
  /// Of the first engine's device.
  FairMutex& turn() { return turns_[0]; }

  std::vector<std::string> lost() {
    const std::lock_guard lock(mutex_);
    return lost_;
  }

 private:
  test::FakeDevices devices_;
  Metrics metrics_;
  std::array<FairMutex, 2> turns_;
  std::mutex mutex_;
  std::vector<std::string> lost_;
  std::shared_ptr<ModelWorker> worker_;
};

/// A worker that decodes when the test says so, and waits for pixels in between.
class DecodedByHand {
 public:
  /// A request of one image.
  struct Asked {
    std::promise<void> done;
    std::shared_ptr<Job> job;
  };

  DecodedByHand() : devices_(std::vector<std::function<void()>>()) {
    ModelWorkerParts parts;
    parts.batch.max_wait = milliseconds(0);
    parts.post = [this](std::function<void()> task) {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    };
    parts.damaged = [] {};
    parts.lost = [](const Device&, const std::string&) {};
    parts.decoding = decoding_;
    parts.turns = {&turn_};
    parts.metrics = &metrics_.model("test");
    const std::vector<Device> one(1, Device{Device::Kind::kTorch});
    worker_ = std::make_shared<ModelWorker>(embedder::open_on(test::starter_model(), {}, one), std::move(parts));
  }

  std::unique_ptr<Asked> ask(const std::optional<embedder::Region>& region = std::nullopt) {
    auto asked = std::make_unique<Asked>();
    protocols::Work work;
    work.images.push_back({"image", test::read_back(test::golden_data() / "images" / "gray.png"), {}, {}});
    work.images.back().region = region;
    asked->job =
        std::make_shared<Job>(std::move(work), worker_->dimensions(), [&done = asked->done] { done.set_value(); });
    EXPECT_TRUE(worker_->reserve(1, 0));
    worker_->submit(asked->job);
    return asked;
  }
  void drop(const Asked& asked) { worker_->drop(asked.job); }

  /// Does what was posted, until nothing is left.
  void decode() {
    while (std::function<void()> task = next_task()) task();
  }
  [[nodiscard]] DecodeBudget& decoding() { return *decoding_; }
  /// Pixels at a time, of all images.
  [[nodiscard]] std::uint64_t most_decoding() const { return most_; }

 private:
  std::function<void()> next_task() {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty()) return nullptr;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  test::FakeDevices devices_;
  Metrics metrics_;
  FairMutex turn_;
  std::atomic<std::uint64_t> most_ = 0;
  std::shared_ptr<DecodeBudget> decoding_ = std::make_shared<DecodeBudget>(
      1'000'000, 1, [this](std::uint64_t pixels) { most_ = std::max<std::uint64_t>(most_, pixels); });
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
  std::shared_ptr<ModelWorker> worker_;
};

void pause_a_little() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

TEST(ModelWorker, EnginesShareOneQueue) {
  std::atomic<int> first = 0;
  std::atomic<int> second = 0;
  TwoEngines worker({[&] {
                       ++first;
                       pause_a_little();
                     },
                     [&] {
                       ++second;
                       pause_a_little();
                     }});
  EXPECT_EQ(worker.ask(20), std::vector<bool>(20, true));
  EXPECT_EQ(first + second, 20);
  EXPECT_GT(first, 0);
  EXPECT_GT(second, 0);
}

TEST(ModelWorker, APassBesideItsQueuesWaitsForItsTurn) {
  TwoEngines engines({pause_a_little, pause_a_little});
  std::atomic<bool> passed = false;
  std::unique_lock turn(engines.turn());
  std::thread beside([&] { engines.worker().in_turn([&] { passed = true; }); });
  pause_a_little();
  EXPECT_FALSE(passed);
  turn.unlock();
  beside.join();
  EXPECT_TRUE(passed);
  EXPECT_THROW(engines.worker().in_turn([] { throw Error(Code::kTooLarge, "an image"); }), Error);
  EXPECT_EQ(engines.ask(4), std::vector<bool>(4, true));
}

TEST(ModelWorker, AnEngineThatFailsCostsNoRequestAndIsLost) {
  for (const std::size_t batch : {1U, 4U}) {
    std::atomic<int> failures = 0;
    TwoEngines worker({[&] {
                         ++failures;
                         throw std::runtime_error("no such GPU any more");
                       },
                       pause_a_little},
                      batch);
    EXPECT_EQ(worker.ask(30), std::vector<bool>(30, true));
    EXPECT_THAT(worker.lost(), ElementsAre("torch: no such GPU any more"));
    EXPECT_LE(failures, 2) << "a lost engine was asked again";
  }
}

TEST(ModelWorker, ARequestThatFailsOnTwoEnginesIsAtFaultItself) {
  // On either engine: as a batch, and then its row alone.
  const auto fail_twice = [calls = 0]() mutable {
    if (calls++ < 2) throw std::runtime_error("this input");
  };
  TwoEngines worker({fail_twice, fail_twice});
  EXPECT_EQ(worker.ask(1), std::vector<bool>(1, false));
  EXPECT_EQ(worker.ask(20), std::vector<bool>(20, true));
  EXPECT_THAT(worker.lost(), IsEmpty());
}

TEST(ModelWorker, WithoutAnyEngineRequestsFailAndNoneHangs) {
  const auto fail = [] { throw std::runtime_error("gone"); };
  TwoEngines worker({fail, fail});
  EXPECT_EQ(worker.ask(12), std::vector<bool>(12, false));
  EXPECT_EQ(worker.ask(1), std::vector<bool>(1, false));
  EXPECT_THAT(worker.lost(), IsEmpty()) << "nothing shows that an engine is at fault";
}

TEST(ModelWorker, ATooLargeTextIsItsOwnFault) {
  std::atomic<int> calls = 0;
  const auto refuse = [&] {
    ++calls;
    throw Error(Code::kUnsupported, "not finite");
  };
  TwoEngines worker({refuse, refuse});
  EXPECT_EQ(worker.ask(1), std::vector<bool>(1, false));
  EXPECT_EQ(calls, 2) << "a batch, then its row alone, and no second engine";
}

TEST(ModelWorker, ARegionTakesPixelsOfTheBudgetBesideItsImage) {
  constexpr std::uint64_t kWhole = 301 * 217;  // gray.png
  for (const embedder::Region& region : {embedder::Region{1, 2, 300, 200}, embedder::Region{0, 0, 301, 217}}) {
    DecodedByHand worker;
    const auto asked = worker.ask(region);
    worker.decode();
    EXPECT_EQ(worker.most_decoding(), kWhole + region.width * region.height);
    EXPECT_EQ(asked->done.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  }
}

TEST(ModelWorker, AnImageThatWaitsForPixelsDoesNotWaitForOneWhoseClientIsGone) {
  DecodedByHand worker;
  auto held = std::make_unique<DecodeBudget::Share>(worker.decoding());
  ASSERT_TRUE(held->take(200'000));  // all that small images share
  const auto gone = worker.ask();
  const auto kept = worker.ask();
  worker.decode();
  held.reset();  // the first one may try again
  worker.drop(*gone);
  worker.decode();
  EXPECT_EQ(kept->done.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

}  // namespace
}  // namespace mi2::server
