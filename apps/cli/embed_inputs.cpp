#include "embed_inputs.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "devices.hpp"
#include "embedder/series.hpp"
#include "embedder/slides.hpp"
#include "interrupt.hpp"
#include "zip/images/expand.hpp"

namespace mi2::cli {

embedder::ExpandedPaths expand_inputs(std::span<const std::string> paths) {
  const Waiting waiting("looking for images");
  return embedder::expand_paths(paths, zip::images::expand);
}

void note_skipped(std::span<const embedder::Skipped> skipped, Progress& progress) {
  if (skipped.empty()) return;
  progress.note(fmt::format("{} files were not read: {}", skipped.size(), embedder::reasons_of(skipped)));
  for (const embedder::Skipped& one : skipped) progress.detail(fmt::format("{}: not read: {}", one.path, one.reason));
}

Embedder open_embedder(const ModelArguments& arguments, Progress& progress) {
  const Waiting waiting("loading the model");
  Embedder embedder = Embedder::open(arguments.model, arguments.options);
  progress.detail(fmt::format("{}: {} on {}, loaded in {:.1f} s", arguments.model, name_of(*embedder.options().dtype),
                              to_string(embedder.options().device), waiting.seconds()));
  note_device(arguments.options.device, embedder, progress);
  return embedder;
}

std::size_t batch_of(const ModelArguments& arguments, const Embedder& embedder) {
  return arguments.batch.value_or(embedder::usual_batch(embedder.options().device));
}

void stop_between_batches(const embedder::ExpandedPaths& paths) {
  const bool reads = std::ranges::any_of(paths.inputs, [](const auto& input) { return input.path == "-"; });
  if (!reads) catch_interrupts();
}

namespace {

std::string title_of(const embedder::Embedded& item) {
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
  const embedder::NextItem rest = run.kept != nullptr ? run.kept->rest_of(items) : items;
  embedder::embed_all(run.embedder, rest, options, [&](std::span<const embedder::Embedded> batch) {
    if (run.kept != nullptr) run.kept->append(batch);
    for (const embedder::Embedded& item : batch) {
      if (item.error != nullptr) {
        run.report.bad(title_of(item), *item.error);
      } else {
        if (run.kept == nullptr) on_vectors(item);
        run.report.doubtful(title_of(item), item.warnings);
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
  if (run.series) {
    if (frames) options.frames = *frames;
    const auto open = [&](std::vector<std::byte> encoded, std::string_view name, const ImageOptions& own) {
      return run.embedder.open_image(std::move(encoded), name, own);
    };
    embed_items(run, embedder::series_of(paths.inputs, options, open), on_vectors);
    return;
  }
  if (options.slide) {
    if (frames) options.frames = *frames;
    const auto open = [&](std::span<const std::filesystem::path> files, std::string_view name) {
      return run.embedder.open_slide(files, name, options);
    };
    const auto open_bytes = [&](std::vector<std::byte> encoded, std::string_view name) {
      return run.embedder.open_image(std::move(encoded), name, options);
    };
    embed_items(run, embedder::slides_of(paths.inputs, options.max_file_bytes, open, open_bytes), on_vectors);
    return;
  }
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

void report_resumed(const EmbedRun& run) {
  if (run.kept == nullptr || run.kept->resumed() == 0) return;
  run.progress.note(fmt::format("resuming after {} inputs", run.kept->resumed()));
  run.kept->replay(run.kept->resumed(), [&](const embedder::Embedded& item) {
    if (item.error != nullptr) {
      run.report.bad(title_of(item), *item.error);
    } else {
      run.report.good();
    }
  });
  run.progress.advance(run.kept->resumed());
}

void replay(const EmbedRun& run, const std::function<void(const embedder::Embedded& item)>& on_vectors) {
  if (run.kept == nullptr) return;
  run.kept->replay(run.kept->count(), [&](const embedder::Embedded& item) {
    if (item.error == nullptr) on_vectors(item);
  });
}

void note_stopped(const EmbedRun& run, bool to_file) {
  run.progress.hide();
  const std::string_view rest = run.kept != nullptr ? "the same command goes on from there"
                                : to_file           ? "nothing was written"
                                                    : "their rows were written";
  run.progress.note(fmt::format("stopped after {} inputs; {}", run.report.count(), rest));
}

int score_images(const ScoreRun& run, ScoreOutput& output, const ScoresOf& scores_of) {
  Report report(run.progress);
  note_skipped(run.paths.skipped, run.progress);
  const EmbedRun embed{run.embedder, run.batch, run.progress, report, [&] { output.flush(); }, run.kept, run.series};
  const auto write = [&](const embedder::Embedded& item) {
    output.write(item.name, item.frame, scores_of(item.image), item.warnings);
  };
  try {
    report_resumed(embed);
    embed_images(embed, run.paths, run.frames, write);
    replay(embed, write);
  } catch (const Interrupted&) {
    note_stopped(embed, run.to_file);
    throw;
  }
  run.progress.hide();
  report.summarize();
  if (!report.all_failed()) output.commit();
  if (run.kept != nullptr) run.kept->discard();
  return report.exit_status();
}

}  // namespace mi2::cli
