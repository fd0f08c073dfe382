#pragma once
// Many images and texts in order: the next batches are decoded while the current one is computed.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include <mi2/device.hpp>
#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/frames.hpp>
#include <mi2/image.hpp>

#include "base/progress.hpp"

namespace mi2::embedder {

/// What the model takes of an item: an image, a text, or both, as a row of a table has them.
struct Prepared {
  std::optional<Pixels> image;
  std::optional<std::string> text;
};

struct Item {
  std::string name;                 ///< what errors call it: a path, "row 3"; never a text
  std::optional<FramePlace> frame;  ///< of a file whose frames are items of their own
  /// Called once, on any thread. Memory that runs out and every Error but {kInternal} are the item's own; the rest ends
  /// the run.
  std::function<Prepared()> prepare;
  std::uint64_t bytes = 0;  ///< of memory that it holds from now until it is prepared, beside what others hold
};

/// The next item, or nothing after the last. Called on the caller's thread; what it throws ends the run.
using NextItem = std::function<std::optional<Item>()>;

/// Items computed together where nobody says how many: on a CPU few fill the cores, a GPU wants more. One whose memory
/// does not hold them takes them in parts.
std::size_t usual_batch(const Device& device) noexcept;

/// Calls `pass`, a forward pass, when it is its turn among others on its device.
using InTurn = std::function<void(const std::function<void()>& pass)>;

struct PipelineOptions {
  std::size_t batch = 4;         ///< items computed together, at least 1; fewer where they hold much memory
  unsigned threads = 0;          ///< that prepare them; 0: one per available core
  std::uint64_t total = 0;       ///< items there will be, for on_progress; 0: unknown
  base::OnProgress on_progress;  ///< after each batch; what it throws ends the run
  std::stop_token stop;          ///< the run ends after the current batch
  bool tokens = false;           ///< whether images get their patches' features too
  InTurn in_turn{};              ///< none: at once
};

/// An item ready for the model, or why it is not.
struct Ready {
  std::string name;
  std::optional<FramePlace> frame;
  Prepared prepared;
  std::optional<Error> error;
};

/// Prepares all items and hands them over in order, batch by batch. At most three batches are in memory, however many
/// items there are. What `on_batch` throws ends the run. No thread is left when it returns.
void prepare_all(const NextItem& next, const PipelineOptions& options,
                 const std::function<void(std::span<Ready>)>& on_batch);

/// The vectors of an item, or why there are none. All views are valid for the call.
struct Embedded {
  std::string_view name;
  std::optional<FramePlace> frame;
  std::span<const float> image;           ///< empty: the item had none
  std::span<const float> text;            ///< empty: the item had none
  std::span<const float> tokens;          ///< a row of ImageFeatures::tokens; empty: not asked for, or no image
  std::span<const std::string> warnings;  ///< Pixels::warnings
  bool truncated = false;                 ///< the text was longer than the model's context
  const Error* error = nullptr;
};

/// As prepare_all(), with each batch through the model, which alone looks at `in_turn`. What Embedder::embed_images and
/// embed_texts throw is an item's own error too, unless it is {kInternal} or {kBadFile}.
void embed_all(const Embedder& embedder, const NextItem& next, const PipelineOptions& options,
               const std::function<void(std::span<const Embedded>)>& on_batch);

}  // namespace mi2::embedder
