#include "embedder/pipeline.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/thread_pool.hpp"

namespace mi2::embedder {
namespace {

/// The most memory that a batch's items hold, in bytes, unless one alone holds more.
constexpr std::uint64_t kMostHeld = 64ULL << 20;

std::vector<Item> take(const NextItem& next, std::size_t batch) {
  std::vector<Item> items;
  std::uint64_t held = 0;
  while (items.size() < batch && held < kMostHeld) {
    std::optional<Item> item = next();
    if (!item) break;
    held += item->bytes;
    items.push_back(std::move(*item));
  }
  return items;
}

/// By value: what the item holds is freed once it is prepared.
Ready prepare(Item item) {
  try {
    Prepared prepared = item.prepare();
    return {std::move(item.name), item.frame, std::move(prepared), std::nullopt};
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    return {std::move(item.name), item.frame, {}, error};
  } catch (const std::bad_alloc&) {
    Error error(Code::kTooLarge, fmt::format("{}: not enough memory to read it", item.name));
    return {std::move(item.name), item.frame, {}, std::move(error)};
  }
}

/// Threads that prepare items in order of their coming. Nobody waits for the slowest of a batch but who takes it.
class Preparers {
 public:
  explicit Preparers(std::size_t threads) {
    while (threads_.size() < threads) threads_.emplace_back([this] { work(); });
  }
  Preparers(const Preparers&) = delete;
  Preparers& operator=(const Preparers&) = delete;
  /// Items that nobody has begun are dropped.
  ~Preparers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void add(std::vector<Item> items) {
    {
      const std::lock_guard lock(mutex_);
      for (Item& item : items) places_.push_back({std::move(item), {}, nullptr, false});
    }
    work_.notify_all();
  }

  /// The first `count` items, once they are ready. @throws what preparing one of them threw.
  std::vector<Ready> take(std::size_t count) {
    std::vector<Ready> ready;
    std::unique_lock lock(mutex_);
    while (ready.size() < count) {
      done_.wait(lock, [this] { return places_.front().done; });
      if (places_.front().failure) std::rethrow_exception(places_.front().failure);
      ready.push_back(std::move(places_.front().ready));
      places_.pop_front();
      --begun_;
    }
    return ready;
  }

 private:
  struct Place {
    Item item;
    Ready ready;
    std::exception_ptr failure;
    bool done = false;
  };

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [this] { return stopping_ || begun_ < places_.size(); });
      if (stopping_) return;
      Place& place = places_[begun_++];  // a deque's elements stay where they are
      lock.unlock();
      try {
        place.ready = prepare(std::move(place.item));
      } catch (...) {
        place.failure = std::current_exception();
      }
      lock.lock();
      place.done = true;
      if (&place == &places_.front()) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<Place> places_;
  std::size_t begun_ = 0;  ///< of places_
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// Batches being prepared while one is computed: the second so that no thread waits for the last item of the first.
constexpr std::size_t kBatchesAhead = 2;

}  // namespace

std::size_t usual_batch(const Device& device) noexcept { return device.kind == Device::Kind::kCuda ? 32 : 4; }

void prepare_all(const NextItem& next, const PipelineOptions& options,
                 const std::function<void(std::span<Ready>)>& on_batch) {
  const std::size_t batch = std::max<std::size_t>(1, options.batch);
  const std::size_t threads = options.threads != 0 ? options.threads : base::available_cores();
  Preparers preparers(std::min(threads, kBatchesAhead * std::min(batch, threads)));
  std::deque<std::size_t> ahead;
  bool ended = false;
  const auto fill = [&] {
    while (!ended && ahead.size() < kBatchesAhead) {
      std::vector<Item> items = take(next, batch);
      ended = items.empty();
      if (ended) return;
      ahead.push_back(items.size());
      preparers.add(std::move(items));
    }
  };

  std::uint64_t done = 0;
  fill();
  while (!ahead.empty() && !options.stop.stop_requested()) {
    std::vector<Ready> ready = preparers.take(ahead.front());
    ahead.pop_front();
    fill();
    on_batch(ready);
    done += ready.size();
    if (options.on_progress) options.on_progress({"embedding", done, options.total});
  }
}

}  // namespace mi2::embedder
