#include "embed_inputs.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "interrupt.hpp"

namespace mi2::cli {

void note_skipped(const embedder::ExpandedPaths& paths, Progress& progress) {
  if (paths.skipped == 0) return;
  progress.note(fmt::format("{} files in folders are not images and were skipped", paths.skipped));
}

namespace {

std::string name_of(const embedder::Embedded& item) {
  if (!item.frame) return std::string(item.name);
  return fmt::format("{}, frame {} of {}", item.name, item.frame->number, item.frame->frames);
}

}  // namespace

void embed_items(const EmbedRun& run, const embedder::NextItem& items,
                 const std::function<void(const embedder::Embedded& item)>& on_vectors) {
  embedder::PipelineOptions options;
  options.batch = run.batch;
  options.threads = run.embedder.options().threads;
  options.on_progress = [&, shown = std::uint64_t{0}](const base::Progress& now) mutable {
    run.progress.advance(now.done - std::exchange(shown, now.done));
    throw_if_interrupted();
  };
  throw_if_interrupted();
  embedder::embed_all(run.embedder, items, options, [&](std::span<const embedder::Embedded> batch) {
    for (const embedder::Embedded& item : batch) {
      if (item.error != nullptr) {
        run.report.bad(name_of(item), *item.error);
      } else {
        on_vectors(item);
        run.report.doubtful(name_of(item), item.warnings);
        run.report.good();
      }
    }
    run.progress.hide();
    run.flush();
  });
}

void embed_images(const EmbedRun& run, const embedder::ExpandedPaths& paths,
                  const std::optional<FrameSelection>& frames,
                  const std::function<void(const embedder::Embedded& item)>& on_vectors) {
  ImageOptions options = run.embedder.options().image;
  if (!frames) {
    const auto prepare = [&](std::span<const std::byte> encoded, std::string_view name) {
      return run.embedder.prepare(encoded, name);
    };
    embed_items(run, embedder::items_of(paths.inputs, options.max_file_bytes, prepare), on_vectors);
    return;
  }
  options.frames = *frames;
  const auto open = [&](std::vector<std::byte> encoded, std::string_view name) {
    return run.embedder.open_image(std::move(encoded), name, options);
  };
  embed_items(run, embedder::frames_of(paths.inputs, options.max_file_bytes, open), on_vectors);
}

int score_images(const Embedder& embedder, const embedder::ExpandedPaths& paths,
                 const std::optional<FrameSelection>& frames, std::size_t batch, Progress& progress,
                 ScoreOutput& output, const ScoresOf& scores_of) {
  Report report(progress);
  note_skipped(paths, progress);
  embed_images({embedder, batch, progress, report, [&] { output.flush(); }}, paths, frames,
               [&](const embedder::Embedded& item) {
                 output.write(item.name, item.frame, scores_of(item.image), item.warnings);
               });
  progress.hide();
  report.summarize();
  if (!report.all_failed()) output.commit();
  return report.exit_status();
}

}  // namespace mi2::cli
