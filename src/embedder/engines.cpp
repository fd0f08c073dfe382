#include "embedder/engines.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "embedder/batch_pass.hpp"

namespace mi2::embedder {
namespace {

std::string message_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown";
  }
}

/// A thread for each embedder; each takes the first batch that waits.
class Engines {
 public:
  Engines(std::span<const Embedder> embedders, OnEngineLost on_lost)
      : embedders_(embedders), on_lost_(std::move(on_lost)), left_(embedders.size()) {
    for (const Embedder& embedder : embedders) threads_.emplace_back([this, &embedder] { work(embedder); });
  }
  Engines(const Engines&) = delete;
  Engines& operator=(const Engines&) = delete;
  /// Batches that nobody has begun are dropped.
  ~Engines() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  [[nodiscard]] std::size_t count() const noexcept { return embedders_.size(); }
  [[nodiscard]] std::size_t started() const noexcept { return started_.size(); }

  void start(std::span<Ready> batch, bool tokens) {
    auto task = std::make_shared<Task>(batch, tokens);
    started_.push_back(task);
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(task));
    }
    work_.notify_one();
  }

  /// The batch that was started first, once it is done. @throws what the last engine threw.
  BatchPass take() {
    std::deque<Lost> lost;
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return started_.front()->done || left_ == 0; });
    lost.swap(lost_);
    const bool done = started_.front()->done;
    // The failure of the last one is the run's.
    if (left_ == 0 && !lost.empty()) lost.pop_back();
    lock.unlock();
    for (const Lost& engine : lost) {
      if (on_lost_) on_lost_(engine.device, engine.reason);
    }
    if (!done) std::rethrow_exception(failure_);
    const std::shared_ptr<Task> task = std::move(started_.front());
    started_.pop_front();
    return std::move(task->pass);
  }

 private:
  struct Task {
    Task(std::span<Ready> batch, bool tokens) : pass(batch, tokens) {}
    BatchPass pass;
    bool done = false;
  };
  struct Lost {
    Device device;
    std::string reason;
  };

  void work(const Embedder& embedder) {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      const std::shared_ptr<Task> task = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      std::exception_ptr failure;
      try {
        task->pass.run(embedder);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (failure) {
        waiting_.push_front(task);
        lost_.push_back({embedder.options().device, message_of(failure)});
        failure_ = failure;
        --left_;
        work_.notify_one();
        done_.notify_one();
        return;
      }
      task->done = true;
      done_.notify_one();
    }
  }

  std::span<const Embedder> embedders_;
  OnEngineLost on_lost_;
  std::deque<std::shared_ptr<Task>> started_;  ///< and not taken; of the caller's thread
  std::mutex mutex_;                           ///< guards what follows
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<std::shared_ptr<Task>> waiting_;
  std::deque<Lost> lost_;  ///< and not reported
  std::exception_ptr failure_;
  std::size_t left_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::vector<Embedder> open_on(const std::filesystem::path& model, EmbedderOptions options,
                              std::span<const Device> devices) {
  std::vector<Embedder> embedders;
  for (const Device& device : devices) {
    options.device = device;
    embedders.push_back(Embedder::open(model, options));
  }
  return embedders;
}

void embed_all(const Embedder& embedder, const NextItem& next, const PipelineOptions& options,
               const std::function<void(std::span<const Embedded>)>& on_batch) {
  prepare_all(next, options, [&](std::span<Ready> batch) {
    BatchPass pass(batch, options.tokens);
    if (options.in_turn) {
      options.in_turn([&] { pass.run(embedder); });
    } else {
      pass.run(embedder);
    }
    pass.hand_over(on_batch);
  });
}

void embed_all(std::span<const Embedder> embedders, const NextItem& next, const PipelineOptions& options,
               const std::function<void(std::span<const Embedded>)>& on_batch, const OnEngineLost& on_lost) {
  if (embedders.size() == 1) return embed_all(embedders.front(), next, options, on_batch);
  Engines engines(embedders, on_lost);
  std::uint64_t done = 0;
  const auto hand_over = [&] {
    const BatchPass pass = engines.take();
    pass.hand_over(on_batch);
    done += pass.items();
    if (options.on_progress) options.on_progress({"embedding", done, options.total});
  };
  PipelineOptions preparing = options;
  preparing.on_progress = nullptr;  // of batches that are computed, not of those prepared
  prepare_all(next, preparing, [&](std::span<Ready> batch) {
    engines.start(batch, options.tokens);
    if (engines.started() > engines.count()) hand_over();
  });
  while (engines.started() > 0) hand_over();
}

}  // namespace mi2::embedder
