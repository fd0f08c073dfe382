#include "embedder/pipeline.hpp"

#include <algorithm>
#include <future>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/matrix.hpp>

#include "base/thread_pool.hpp"

namespace mi2::embedder {
namespace {

/// Of memory that a batch's items hold, unless one alone holds more.
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

}  // namespace

void prepare_all(const NextItem& next, const PipelineOptions& options,
                 const std::function<void(std::span<Ready>)>& on_batch) {
  const std::size_t batch = std::max<std::size_t>(1, options.batch);
  const unsigned threads = options.threads != 0 ? options.threads : base::available_cores();
  base::ThreadPool team(static_cast<unsigned>(std::min<std::size_t>(threads, batch)));
  const auto start = [&](std::vector<Item> items) {
    return std::async(std::launch::async, [&team, items = std::move(items)]() mutable {
      std::vector<Ready> ready(items.size());
      team.run(items.size(), [&](std::size_t i) { ready[i] = prepare(std::move(items[i])); });
      return ready;
    });
  };

  std::uint64_t done = 0;
  std::future<std::vector<Ready>> coming;
  if (std::vector<Item> first = take(next, batch); !first.empty()) coming = start(std::move(first));
  while (coming.valid() && !options.stop.stop_requested()) {
    std::vector<Item> items = take(next, batch);
    std::vector<Ready> ready = coming.get();
    if (!items.empty()) coming = start(std::move(items));
    on_batch(ready);
    done += ready.size();
    if (options.on_progress) options.on_progress({"embedding", done, options.total});
  }
}

void embed_all(const Embedder& embedder, const NextItem& next, const PipelineOptions& options,
               const std::function<void(std::span<const Embedded>)>& on_batch) {
  prepare_all(next, options, [&](std::span<Ready> batch) {
    std::vector<Pixels> images;
    std::vector<std::string> texts;
    for (Ready& item : batch) {
      if (item.prepared.image) images.push_back(std::move(*item.prepared.image));
      if (item.prepared.text) texts.push_back(std::move(*item.prepared.text));
    }
    const EmbeddingMatrix of_images = embedder.embed_images(images);
    const TextEmbeddings of_texts = embedder.embed_texts(texts);
    std::vector<Embedded> embedded;
    std::size_t image = 0;
    std::size_t text = 0;
    for (const Ready& item : batch) {
      Embedded& result = embedded.emplace_back();
      result.name = item.name;
      result.frame = item.frame;
      if (item.error) result.error = &*item.error;
      if (item.prepared.image) result.image = of_images.row(image++);
      if (item.prepared.text) {
        result.truncated = of_texts.truncated[text];
        result.text = of_texts.vectors.row(text++);
      }
    }
    on_batch(embedded);
  });
}

}  // namespace mi2::embedder
