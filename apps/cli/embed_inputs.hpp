#pragma once
// The commands over many inputs: vectors to a result, failures to standard error, a bar, and Ctrl-C between batches.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <mi2/classifier.hpp>
#include <mi2/embedder.hpp>

#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "score_writers.hpp"

namespace mi2::cli {

struct EmbedRun {
  const Embedder& embedder;
  std::size_t batch;
  Progress& progress;
  Report& report;
  std::function<void()> flush;  ///< hands on what a batch wrote
};

/// Says how many files in folders are not images, if any.
void note_skipped(const embedder::ExpandedPaths& paths, Progress& progress);

/// Calls `on_vectors` for every item that has vectors, in order, and reports the others.
/// @throws Interrupted after a batch; what embedder::embed_all throws.
void embed_items(const EmbedRun& run, const embedder::NextItem& items,
                 const std::function<void(const embedder::Embedded& item)>& on_vectors);

/// As embed_items(), of images; with `frames` each selected frame of them is an item.
void embed_images(const EmbedRun& run, const embedder::ExpandedPaths& paths,
                  const std::optional<FrameSelection>& frames,
                  const std::function<void(const embedder::Embedded& item)>& on_vectors);

/// Best first.
using ScoresOf = std::function<std::vector<LabelScore>(std::span<const float> embedding)>;

/// Writes the scores of every image, or with `frames` every selected frame, that can be read, and reports the others.
/// @returns the exit status.
int score_images(const Embedder& embedder, const embedder::ExpandedPaths& paths,
                 const std::optional<FrameSelection>& frames, std::size_t batch, Progress& progress,
                 ScoreOutput& output, const ScoresOf& scores_of);

}  // namespace mi2::cli
