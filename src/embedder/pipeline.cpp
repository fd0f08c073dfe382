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

#include <mi2/matrix.hpp>

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

namespace {

/// The vectors of some inputs; of one without, its error.
struct Vectors {
  TextEmbeddings rows;  ///< of images, only the vectors
  std::vector<std::optional<Error>> errors;
};

/// A model whose file was damaged (kBadFile) has no vectors for anything.
bool is_of_an_input(const Error& error) { return error.code() != Code::kInternal && error.code() != Code::kBadFile; }

/// All at once, or after an error one by one: whatever input is at fault, its neighbours get their vectors.
/// @param embed  TextEmbeddings of a span of inputs.
template <typename Input, typename Embed>
Vectors vectors_of(std::span<const Input> inputs, std::size_t dimensions, const Embed& embed) {
  Vectors result{{}, std::vector<std::optional<Error>>(inputs.size())};
  try {
    result.rows = embed(inputs);
    return result;
  } catch (const Error& error) {
    if (!is_of_an_input(error)) throw;
  }
  result.rows = {EmbeddingMatrix(inputs.size(), dimensions), std::vector<bool>(inputs.size())};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    try {
      const TextEmbeddings one = embed(inputs.subspan(i, 1));
      std::ranges::copy(one.vectors.row(0), result.rows.vectors.row(i).begin());
      if (!one.truncated.empty()) result.rows.truncated[i] = one.truncated.front();
    } catch (const Error& error) {
      if (!is_of_an_input(error)) throw;
      result.errors[i] = error;
    }
  }
  return result;
}

}  // namespace

void embed_all(const Embedder& embedder, const NextItem& next, const PipelineOptions& options,
               const std::function<void(std::span<const Embedded>)>& on_batch) {
  const auto dimensions = static_cast<std::size_t>(embedder.dimensions());
  prepare_all(next, options, [&](std::span<Ready> batch) {
    std::vector<Pixels> images;
    std::vector<std::string> texts;
    std::vector<std::vector<std::string>> warnings;
    for (Ready& item : batch) {
      warnings.push_back(item.prepared.image ? std::move(item.prepared.image->warnings) : std::vector<std::string>());
      if (item.prepared.image) images.push_back(std::move(*item.prepared.image));
      if (item.prepared.text) texts.push_back(std::move(*item.prepared.text));
    }
    const Vectors of_images =
        vectors_of(std::span<const Pixels>(images), dimensions, [&](std::span<const Pixels> some) {
          return TextEmbeddings{embedder.embed_images(some), {}};
        });
    const Vectors of_texts = vectors_of(std::span<const std::string>(texts), dimensions,
                                        [&](std::span<const std::string> some) { return embedder.embed_texts(some); });
    std::vector<Embedded> embedded;
    std::size_t image = 0;
    std::size_t text = 0;
    for (Ready& item : batch) {
      Embedded& result = embedded.emplace_back();
      result.name = item.name;
      result.frame = item.frame;
      result.warnings = warnings[embedded.size() - 1];
      const auto fail = [&](const std::optional<Error>& error) {
        if (error && !item.error) item.error.emplace(error->code(), fmt::format("{}: {}", item.name, error->what()));
      };
      if (item.prepared.image) {
        fail(of_images.errors[image]);
        result.image = of_images.rows.vectors.row(image++);
      }
      if (item.prepared.text) {
        fail(of_texts.errors[text]);
        result.truncated = of_texts.rows.truncated[text];
        result.text = of_texts.rows.vectors.row(text++);
      }
      if (item.error) {
        result.image = result.text = {};
        result.error = &*item.error;
      }
    }
    on_batch(embedded);
  });
}

}  // namespace mi2::embedder
