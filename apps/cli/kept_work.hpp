#pragma once
// The vectors that a run has computed, beside its output, so that a run that was killed goes on where it stopped.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"
#include "input_arguments.hpp"
#include "jobs/journal.hpp"

namespace mi2::cli {

class KeptWork {
 public:
  /// Goes on with what a run of the same `job` left in `output`.part.
  /// @throws as jobs::Journal.
  KeptWork(const std::filesystem::path& output, const std::string& job, bool restart);

  /// Items of the earlier run.
  [[nodiscard]] std::uint64_t resumed() const noexcept { return journal_.lines(); }
  /// As `items`, without those of the earlier run: the first of all streams that pass through it.
  embedder::NextItem rest_of(embedder::NextItem items);
  void append(std::span<const embedder::Embedded> batch);
  /// Calls `on_item` for the first `count` items that were kept, in order; vectors have the bits they had.
  /// @throws Error{kBadFile} for a file that was damaged.
  void replay(std::uint64_t count, const std::function<void(const embedder::Embedded&)>& on_item) const;
  [[nodiscard]] std::uint64_t count() const noexcept { return journal_.lines() + appended_; }
  /// The output is whole, or there is none.
  void discard() noexcept { journal_.discard(); }

 private:
  jobs::Journal journal_;
  std::uint64_t left_to_skip_;
  std::uint64_t appended_ = 0;
};

/// What a run's vectors depend on.
struct KeptJob {
  const ModelArguments& model;
  std::span<const embedder::Input> inputs;
  std::span<const std::string> texts;
  const std::optional<FrameSelection>& frames;
};

/// Everything of the options that vectors depend on.
std::string describe_images(const ImageOptions& images);

/// For a run over several inputs whose output is a file; otherwise nothing.
/// @throws as KeptWork; Error{kBadArgument} for --resume where nothing can be kept.
std::unique_ptr<KeptWork> keep_work(const std::string& output, const InputArguments& arguments, const KeptJob& job);

}  // namespace mi2::cli
