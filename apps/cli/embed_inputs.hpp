#pragma once
// The commands over many inputs: vectors to a result, failures to standard error, a bar, and Ctrl-C between batches.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <mi2/classifier.hpp>
#include <mi2/embedder.hpp>

#include "arguments.hpp"
#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"
#include "kept_work.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "score_writers.hpp"

namespace mi2::cli {

/// Opens the model, and says on a terminal that it takes a while, if it does.
Embedder open_embedder(const ModelArguments& arguments, Progress& progress);

/// --batch, or what is usual on the device of `embedder`.
std::size_t batch_of(const ModelArguments& arguments, const Embedder& embedder);

/// Ctrl-C stops between two batches, unless an image comes from standard input, which may never end.
void stop_between_batches(const embedder::ExpandedPaths& paths);

struct EmbedRun {
  const Embedder& embedder;
  std::size_t batch;
  Progress& progress;
  Report& report;
  std::function<void()> flush;  ///< hands on what a batch wrote
  KeptWork* kept = nullptr;     ///< where vectors are kept, in place of on_vectors, until replay()
  bool series = false;          ///< DICOM files of one series are one image
};

/// Counts and reports what an earlier run left.
void report_resumed(const EmbedRun& run);
/// Everything was computed: calls `on_vectors` for every item that has vectors, if they were kept.
void replay(const EmbedRun& run, const std::function<void(const embedder::Embedded& item)>& on_vectors);
/// What became of the work when it was stopped. @param to_file  whether the output appears only when it is whole.
void note_stopped(const EmbedRun& run, bool to_file);

/// The images of paths: files, folders, DICOMDIRs and zips. @throws as embedder::expand_paths.
embedder::ExpandedPaths expand_inputs(std::span<const std::string> paths);

/// Says how many files were not read, and why, if any; with --verbose also which.
void note_skipped(std::span<const embedder::Skipped> skipped, Progress& progress);

/// Calls `on_vectors` for every item that has vectors, in order, or keeps them; reports the others.
/// @throws Interrupted after a batch; what embedder::embed_all throws.
void embed_items(const EmbedRun& run, const embedder::NextItem& items,
                 const std::function<void(const embedder::Embedded& item)>& on_vectors);

/// As embed_items(), of images; with `frames` each selected frame of them is an item.
void embed_images(const EmbedRun& run, const embedder::ExpandedPaths& paths,
                  const std::optional<FrameSelection>& frames,
                  const std::function<void(const embedder::Embedded& item)>& on_vectors);

/// Best first.
using ScoresOf = std::function<std::vector<LabelScore>(std::span<const float> embedding)>;

struct ScoreRun {
  const Embedder& embedder;
  const embedder::ExpandedPaths& paths;
  const std::optional<FrameSelection>& frames;
  std::size_t batch;
  Progress& progress;
  KeptWork* kept;
  bool to_file;
  bool series;
};

/// Writes the scores of every image, or of every selected frame, that can be read, and reports the others.
/// @returns the exit status.
int score_images(const ScoreRun& run, ScoreOutput& output, const ScoresOf& scores_of);

}  // namespace mi2::cli
