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
        run.report.bad(item.name, *item.error);
      } else {
        on_vectors(item);
        run.report.good();
      }
    }
    run.progress.hide();
    run.flush();
  });
}

void embed_images(const EmbedRun& run, const embedder::ExpandedPaths& paths,
                  const std::function<void(const embedder::Embedded& item)>& on_vectors) {
  const auto prepare = [&](std::span<const std::byte> encoded, std::string_view name) {
    return run.embedder.prepare(encoded, name);
  };
  embed_items(run, embedder::items_of(paths.inputs, run.embedder.options().image.max_file_bytes, prepare), on_vectors);
}

int score_images(const Embedder& embedder, const embedder::ExpandedPaths& paths, std::size_t batch, Progress& progress,
                 ScoreOutput& output, const ScoresOf& scores_of) {
  Report report(progress);
  note_skipped(paths, progress);
  embed_images({embedder, batch, progress, report, [&] { output.flush(); }}, paths,
               [&](const embedder::Embedded& item) { output.write(item.name, scores_of(item.image)); });
  progress.hide();
  report.summarize();
  if (!report.all_failed()) output.commit();
  return report.exit_status();
}

}  // namespace mi2::cli
