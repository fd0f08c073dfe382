#include "pipeline.hpp"

#include <algorithm>
#include <future>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/thread_pool.hpp"
#include "interrupt.hpp"

namespace mi2::cli {
namespace {

/// A picture ready for the model, or why it is not.
struct Slot {
  std::optional<Pixels> pixels;
  std::optional<Error> error;
};

Pixels read_picture(const Embedder& embedder, const Input& input) {
  if (input.path != "-") return embedder.prepare_file(input.path);
  return embedder.prepare(read_standard_input(embedder.options().image.max_file_bytes), input.path);
}

Slot prepare(const Embedder& embedder, const Input& input) {
  if (input.error) return {std::nullopt, input.error};
  try {
    return {read_picture(embedder, input), std::nullopt};
  } catch (const Error& error) {
    return {std::nullopt, error};
  } catch (const std::bad_alloc&) {
    return {std::nullopt, Error(Code::kTooLarge, fmt::format("{}: not enough memory to read it", input.path))};
  }
}

}  // namespace

void embed_pictures(const Embedder& embedder, std::span<const Input> inputs, std::size_t batch, Report& report,
                    const OnEmbedding& on_embedding, const std::function<void(std::size_t done)>& after_batch) {
  const unsigned threads = embedder.options().threads != 0 ? embedder.options().threads : base::available_cores();
  const std::size_t largest = std::max<std::size_t>(1, std::min(batch, inputs.size()));
  base::ThreadPool decoders(static_cast<unsigned>(std::min<std::size_t>(threads, largest)));
  const auto start_batch = [&](std::size_t begin) {
    return std::async(std::launch::async, [&, begin] {
      std::vector<Slot> slots(std::min(batch, inputs.size() - begin));
      decoders.run(slots.size(), [&](std::size_t i) { slots[i] = prepare(embedder, inputs[begin + i]); });
      return slots;
    });
  };

  std::future<std::vector<Slot>> next;
  if (!inputs.empty()) next = start_batch(0);
  for (std::size_t begin = 0; begin < inputs.size(); begin += batch) {
    throw_if_interrupted();
    std::vector<Slot> slots = next.get();
    if (begin + batch < inputs.size()) next = start_batch(begin + batch);
    std::vector<Pixels> pictures;
    for (Slot& slot : slots) {
      if (slot.pixels) pictures.push_back(std::move(*slot.pixels));
    }
    const EmbeddingMatrix embeddings = embedder.embed_images(pictures);
    std::size_t row = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Input& input = inputs[begin + i];
      if (slots[i].error) {
        report.bad(input.path, *slots[i].error);
      } else {
        on_embedding(input, embeddings.row(row++));
        report.good();
      }
    }
    after_batch(slots.size());
  }
}

}  // namespace mi2::cli
