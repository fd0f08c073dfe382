// A model of a server on several devices: one queue, and an engine that fails costs no request.

#include "server/model_worker.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedder/engines.hpp"
#include "server/metrics.hpp"
#include "support/fake_device.hpp"
#include "support/paths.hpp"

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

}  // namespace
}  // namespace mi2::server
