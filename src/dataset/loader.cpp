#include "dataset/loader.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/thread_pool.hpp"
#include "dataset/streams.hpp"

namespace mi2::dataset {
namespace {

using Order = std::shared_ptr<const std::vector<std::uint32_t>>;

/// A batch being made. Threads take its items one by one.
struct Work {
  Batch batch;
  Order order;
  std::size_t first = 0;     ///< place of item 0
  std::size_t taken = 0;     ///< items that a thread has begun
  std::size_t done = 0;      ///< items that are finished
  std::vector<char> filled;  ///< by item: 0 where its record is broken
  std::exception_ptr failure;

  [[nodiscard]] std::size_t items() const noexcept { return filled.size(); }
  [[nodiscard]] bool complete() const noexcept { return done == items(); }
};

/// Moves the filled items together and drops the rest.
void leave_out_broken(Work& work, std::size_t image_size) {
  if (std::find(work.filled.begin(), work.filled.end(), 0) == work.filled.end()) return;
  Batch& batch = work.batch;
  std::size_t kept = 0;
  for (std::size_t item = 0; item < work.items(); ++item) {
    if (work.filled[item] == 0) continue;
    if (kept != item) {
      const float* from = batch.pixels.data<float>() + item * image_size;
      std::copy_n(from, image_size, batch.pixels.data<float>() + kept * image_size);
      batch.texts[kept] = std::move(batch.texts[item]);
      batch.classes[kept] = batch.classes[item];
      batch.records[kept] = batch.records[item];
    }
    ++kept;
  }
  const tensor::Shape& shape = batch.pixels.shape();
  tensor::Tensor pixels({static_cast<std::int64_t>(kept), shape[1], shape[2], shape[3]});
  std::copy_n(batch.pixels.data<float>(), kept * image_size, pixels.data<float>());
  batch.pixels = std::move(pixels);
  batch.texts.resize(kept);
  batch.classes.resize(kept);
  batch.records.resize(kept);
}

}  // namespace

struct Loader::Impl {
  Impl(std::shared_ptr<const Images> source, const LoaderOptions& wanted, Position start)
      : images(std::move(source)),
        options(wanted),
        plan(images->dataset().size(), wanted),
        augmenter(wanted.format, wanted.augment),
        image_size(static_cast<std::size_t>(wanted.format.width) * static_cast<std::size_t>(wanted.format.height) * 3) {
    if (start.batch < plan.batches()) {
      upcoming = start;
    } else if (plan.batches() > 0) {
      throw Error(Code::kBadArgument,
                  fmt::format("batch {} of an epoch of {}: not a position to start from", start.batch, plan.batches()));
    }
    const unsigned count = options.threads == 0 ? base::available_cores() : options.threads;
    try {
      for (unsigned i = 0; i < count; ++i) threads.emplace_back([this] { run(); });
    } catch (...) {
      stop();
      throw;
    }
  }

  ~Impl() { stop(); }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  // --- The threads. Members below the mutex are read and written under it.

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      std::shared_ptr<Work> work;
      wake.wait(lock, [&] { return stopping || (work = open_work()); });
      if (stopping) return;
      const std::size_t item = work->taken++;
      lock.unlock();
      std::exception_ptr failure;
      bool filled = false;
      try {
        filled = fill(*work, item);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      work->filled[item] = filled ? 1 : 0;
      if (failure && !work->failure) work->failure = failure;
      if (++work->done == work->items()) ready.notify_all();
    }
  }

  /// The first batch with items not taken, a new one if there is room.
  std::shared_ptr<Work> open_work() {
    for (const auto& work : queue) {
      if (work->taken < work->items()) return work;
    }
    if (!upcoming || queue.size() > std::max(options.prefetch, 1U)) return nullptr;
    queue.push_back(begin(*upcoming));
    upcoming = plan.after(*upcoming);
    return queue.back();
  }

  std::shared_ptr<Work> begin(Position position) {
    if (!order || order_epoch != position.epoch) {
      order = plan.order(position.epoch);
      order_epoch = position.epoch;
    }
    const auto [first, count] = plan.share(position.batch);
    auto work = std::make_shared<Work>();
    work->order = order;
    work->first = first;
    work->filled.resize(count);
    work->batch.position = position;
    work->batch.pixels =
        tensor::Tensor({static_cast<std::int64_t>(count), options.format.height, options.format.width, 3});
    work->batch.texts.resize(count);
    work->batch.classes.resize(count);
    work->batch.records.resize(count);
    return work;
  }

  // --- Without the mutex.

  /// Makes one item. @returns false if its record is broken and nothing may take its place.
  bool fill(Work& work, std::size_t item) const {
    const std::size_t place = work.first + item;
    const std::size_t records = work.order->size();
    for (std::size_t ahead = 0; ahead < (options.training ? records : 1); ++ahead) {
      const std::size_t record = (*work.order)[(place + ahead) % records];
      if (const auto image = images->get(record)) {
        put(work.batch, item, place, record, *image);
        return true;
      }
    }
    if (options.training) throw Error(Code::kBadFile, fmt::format("all {} records are broken", records));
    return false;
  }

  void put(Batch& batch, std::size_t item, std::size_t place, std::size_t record, const image::Raster& image) const {
    const std::span<float> pixels(batch.pixels.data<float>() + item * image_size, image_size);
    const Dataset& dataset = images->dataset();
    batch.classes[item] = dataset.class_of(record);
    batch.records[item] = record;
    if (!options.training) {
      batch.texts[item] = dataset.text(record, 0);
      augmenter.plain(image, pixels);
      return;
    }
    Random random({options.seed, batch.position.epoch, place, kImageStream});
    const std::uint64_t prompt = random.next();
    // Wherever a record comes in the epoch, its caption is the same, and that of all records of the same captions.
    const std::optional<std::size_t> captions = dataset.captions_of(record);
    const std::uint64_t choice =
        captions ? Random({options.seed, batch.position.epoch, *captions, kCaptionStream}).next() : prompt;
    batch.texts[item] = dataset.text(record, choice);
    batch.classes[item] = dataset.class_of(record, choice);
    augmenter.augmented(image, random, pixels);
  }

  void finish(Work& work) const {
    leave_out_broken(work, image_size);
    if (!options.training) return;
    Batch& batch = work.batch;
    Random random({options.seed, batch.position.epoch, batch.position.batch, kMixupStream});
    const InputFormat& format = options.format;
    batch.mixup = draw_mixup(random, work.items(), format.width, format.height, options.augment);
    if (batch.mixup) mix(batch.pixels.floats(), format.width, format.height, *batch.mixup);
  }

  std::shared_ptr<const Images> images;
  LoaderOptions options;
  BatchPlan plan;
  Augmenter augmenter;
  std::size_t image_size;
  std::size_t delivered = 0;  ///< images, by next()
  bool failed = false;

  std::mutex mutex;
  std::condition_variable wake;   ///< threads wait: a batch may be begun
  std::condition_variable ready;  ///< next() waits: a batch is complete
  std::deque<std::shared_ptr<Work>> queue;
  std::optional<Position> upcoming;
  Order order;
  std::uint64_t order_epoch = 0;
  bool stopping = false;
  std::vector<std::thread> threads;
};

Loader::Loader(std::shared_ptr<const Images> images, const LoaderOptions& options, Position start)
    : impl_(std::make_unique<Impl>(std::move(images), options, start)) {}
Loader::~Loader() = default;

const BatchPlan& Loader::plan() const noexcept { return impl_->plan; }

std::optional<Batch> Loader::next() {
  Impl& impl = *impl_;
  for (;;) {
    std::shared_ptr<Work> work;
    {
      std::unique_lock lock(impl.mutex);
      const auto ended = [&] { return impl.failed || (impl.queue.empty() && !impl.upcoming); };
      impl.ready.wait(lock, [&] { return ended() || (!impl.queue.empty() && impl.queue.front()->complete()); });
      if (ended()) break;
      work = std::move(impl.queue.front());
      impl.queue.pop_front();
    }
    impl.wake.notify_all();
    if (work->failure) {
      impl.failed = true;
      std::rethrow_exception(work->failure);
    }
    impl.finish(*work);
    impl.delivered += work->batch.records.size();
    // All of a batch can be broken in an evaluation.
    if (!work->batch.records.empty()) return std::move(work->batch);
  }
  if (impl.delivered == 0 && !impl.failed && impl.plan.batches() > 0) {
    impl.failed = true;
    throw Error(Code::kBadFile, "every record of this process's share is broken");
  }
  return std::nullopt;
}

}  // namespace mi2::dataset
